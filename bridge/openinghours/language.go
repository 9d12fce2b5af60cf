package openinghours

import "strings"

// language reduces a tag such as "de-CH" to one of "de", "fr", "it" and "en"; German,
// the language of the house, stands for every other.
func language(tag string) string {
	l, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch l {
	case "fr", "it", "en":
		return l
	}
	return "de"
}
