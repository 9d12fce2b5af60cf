package bridge

import (
	"time"

	"schalter/bridge/openinghours"
)

// ServiceArea is one counter of the city: own hours, own clerks, own space and lobby.
type ServiceArea struct {
	ID ServiceAreaID
	// Name and Description by language tag ("de", "fr", "it", "en"); "de" is always set.
	Name        map[string]string
	Description map[string]string
	// Hours are when clerks answer; nil means around the clock. CounterHours are those of the
	// counter on site; nil means that there are none.
	Hours        *openinghours.Hours
	CounterHours *openinghours.Hours
	// Grace is how long a conversation may go on after closing.
	Grace time.Duration
	// Reopen is how long a closed conversation can be taken up again; 0 means never.
	Reopen time.Duration
	// IdleWarning is how much silence is remarked upon, IdleClose after how much a conversation ends
	// in which the citizen was spoken to last; 0 means never.
	IdleWarning, IdleClose time.Duration
	// Clerks are the Matrix users who are heard by this area's citizens, Leads those of them who are
	// told when a chat waits far too long. In Options they are those of the config; Area and Areas
	// return those who are in force.
	Clerks []UserID
	Leads  []UserID
	// Capacity is how many chats a clerk serves at once; 0 means DefaultCapacity.
	Capacity int
	// Routing names the strategy by which chats are offered (routing.Named); "" is all at once.
	Routing string
	// Training names the scenario with which clerks train; "" is the area's own, or the general one.
	Training string

	// Files are what citizens may send; the zero value takes none.
	Files FileRules
	// Canned are replies that clerks send by name, in lower case, by language; "de" is always set.
	Canned map[string]map[string]string
	// Pages are web pages that clerks show by name, in the order of the list.
	Pages []Page
	// Forms are what clerks have citizens fill in, in the order of the list.
	Forms []AreaForm
	// Overflow, and how long a chat may wait until the lobby is reminded, the leads are told, and the
	// citizen is offered to leave a request; 0 means the default.
	Overflow                                      Overflow
	RemindAfter, EscalateAfter, OfferRequestAfter time.Duration

	// Gone: an admin has closed it. It takes no new chats and requests, and citizens don't see it; chats
	// that run go on.
	Gone bool

	// capacities are those that admins have set; paused are the clerks of all areas who are away.
	capacities map[UserID]int
	paused     map[UserID]Pause
}

// NameIn returns the name in a language, or in German where there is none.
func (a ServiceArea) NameIn(language string) string { return inLanguage(a.Name, language) }

// DescriptionIn returns the description in a language, or in German where there is none.
func (a ServiceArea) DescriptionIn(language string) string {
	return inLanguage(a.Description, language)
}

func inLanguage(texts map[string]string, language string) string {
	if t, ok := texts[language]; ok && t != "" {
		return t
	}
	return texts["de"]
}

// AreaRooms are the Matrix rooms of a service area. Empty means: not made yet.
type AreaRooms struct {
	Area  ServiceAreaID
	Space RoomID
	Lobby RoomID
}

// AreaState says whether citizens can start a chat in a service area now.
type AreaState string

// The states of a service area.
const (
	AreaOpen      AreaState = "open"
	AreaClosed    AreaState = "closed"
	AreaUnstaffed AreaState = "unstaffed"
)
