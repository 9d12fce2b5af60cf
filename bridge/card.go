package bridge

// CardKind says what a card shows.
type CardKind string

// PageCard shows a web page: its title and its address.
const PageCard CardKind = "page"

// Card is what a message shows beside its text. The text says the same in words, for whoever can't
// show the card: the page without JavaScript, an older widget, the transcript, a quote.
type Card struct {
	Kind CardKind `json:"kind"`
	// Title is in the citizen's language where it is known; at most MaxCardTitle characters.
	Title string `json:"title"`
	// URL of a page: https, or http on this machine; at most MaxPageURL bytes.
	URL string `json:"url,omitempty"`
	// Beside: the page is on one of the city's own hosts, so it may be opened beside the chat.
	Beside bool `json:"beside,omitempty"`
	// Document of a DocumentCard, whose Title is its name.
	Document *Document `json:"document,omitempty"`
	// Location of a LocationCard.
	Location *Location `json:"location,omitempty"`
	// Form of a FormCard and of an AnswersCard.
	Form *FormRef `json:"form,omitempty"`
}

// Bounds of a card.
const (
	MaxCardTitle = 120
	MaxPageURL   = 1000
)
