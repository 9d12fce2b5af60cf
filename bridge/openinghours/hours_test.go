package openinghours_test

var exhaustive = false

const (
	chatHours    = "Mo-Fr 08:00-11:30,14:00-17:00; PH off"
	counterHours = "Mo-Fr 08:00-11:30,14:00-17:00; Sa[1,3] 09:30-11:30; PH off"
)

// seeds are read minute by minute in every run.
var seeds = []string{chatHours, counterHours, "Mo-Fr 08:00-11:30,14:00-17:00; PH off; Sa[1,3] 09:30-11:30"}
