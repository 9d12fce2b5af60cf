package config

import (
	"net/mail"
	"strings"
)

// Offered reports whether requests can be answered by e-mail.
func (m Mail) Offered() bool { return m.Host != "" }

func (c *Config) checkMail(k *checker) {
	m := c.Mail
	if !m.Offered() {
		if m.From != "" || m.Username != "" {
			k.refuse("mail.host", "is required when the section is used")
		}
		return
	}
	if strings.ContainsAny(m.Host, "/: \t") {
		k.refuse("mail.host", "must be a host name like smtp.aarau.ch; the port has a key of its own")
	}
	if m.Port < 1 || m.Port > 65535 {
		k.refuse("mail.port", "must be 1 to 65535")
	}
	k.oneOf("mail.tls", m.TLS, []string{"starttls", "tls", "none"})
	if m.Username != "" {
		k.secret("mail.password", string(m.Password), m.PasswordFile)
	}
	if a, err := mail.ParseAddress(m.From); k.required("mail.from", m.From) && (err != nil || a.Address != m.From) {
		k.refuse("mail.from", "is not an address like stadtbuero@aarau.ch")
	}
}
