package store

import "schalter/bridge"

type cannedRow struct {
	Area     string `db:"service_area"`
	Name     string `db:"name"`
	Language string `db:"language"`
	Text     string `db:"text"`
	SetBy    string `db:"set_by"`
	SetAt    int64  `db:"set_at"`
}

const (
	cannedColumns = `service_area, name, language, text, set_by, set_at`
	selectCanned  = `SELECT ` + cannedColumns + ` FROM canned_texts WHERE service_area = ? AND text <> '' ORDER BY name, language`
	upsertCanned  = `INSERT INTO canned_texts (` + cannedColumns + `) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (service_area, name, language) DO UPDATE SET text = excluded.text, set_by = excluded.set_by, set_at = excluded.set_at`
)

func (t *transaction) CannedTexts(area bridge.ServiceAreaID) ([]bridge.CannedText, error) {
	var rows []cannedRow
	if err := t.list(&rows, selectCanned, string(area)); err != nil {
		return nil, err
	}
	out := make([]bridge.CannedText, len(rows))
	for i, r := range rows {
		out[i] = bridge.CannedText{
			Area: bridge.ServiceAreaID(r.Area), Name: r.Name, Language: r.Language, Text: r.Text,
			SetBy: bridge.UserID(r.SetBy), SetAt: fromMillis(r.SetAt),
		}
	}
	return out, nil
}

func (t *transaction) SaveCannedText(c bridge.CannedText) error {
	return t.exec(upsertCanned, string(c.Area), c.Name, c.Language, c.Text, string(c.SetBy), millis(c.SetAt))
}
