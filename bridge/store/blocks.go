package store

import (
	"time"

	"schalter/bridge"
)

type addressKeyRow struct {
	ID     string `db:"id"`
	Secret []byte `db:"secret"`
	MadeAt int64  `db:"made_at"`
}

func (r addressKeyRow) key() bridge.AddressKey {
	return bridge.AddressKey{ID: r.ID, Secret: r.Secret, MadeAt: fromMillis(r.MadeAt)}
}

const (
	selectAddressKey = `SELECT id, secret, made_at FROM address_keys WHERE made_at > ? ORDER BY made_at DESC, id LIMIT 1`
	insertAddressKey = `INSERT INTO address_keys (id, secret, made_at) VALUES (?, ?, ?)`
	forgetBlockMarks = `UPDATE blocks SET address_key = '', address_hash = NULL WHERE address_key <> '' AND (until <= ? OR lifted_at > 0)`
	forgetKeys       = `DELETE FROM address_keys WHERE made_at < ?
		AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.address_key = address_keys.id)
		AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.address_key = address_keys.id)`
	upsertAddress = `INSERT INTO addresses (conversation_id, address_key, address_hash) VALUES (?, ?, ?)
		ON CONFLICT (conversation_id) DO UPDATE SET address_key = excluded.address_key, address_hash = excluded.address_hash`
	selectAddress = `SELECT address_key, address_hash FROM addresses WHERE conversation_id = ?`
	deleteAddress = `DELETE FROM addresses WHERE conversation_id = ?`
)

func (t *transaction) NewestAddressKey(since time.Time) (bridge.AddressKey, error) {
	var r addressKeyRow
	err := t.get(&r, selectAddressKey, millis(since))
	return r.key(), err
}

func (t *transaction) AddAddressKey(k bridge.AddressKey) error {
	return t.exec(insertAddressKey, k.ID, k.Secret, millis(k.MadeAt))
}

func (t *transaction) ForgetAddressKeys(before, now time.Time) error {
	if err := t.exec(forgetBlockMarks, millis(now)); err != nil {
		return err
	}
	return t.exec(forgetKeys, millis(before))
}

func (t *transaction) SaveAddress(id bridge.ConversationID, m bridge.AddressMark) error {
	return t.exec(upsertAddress, string(id), m.Key, m.Hash)
}

func (t *transaction) Address(id bridge.ConversationID) (bridge.AddressMark, error) {
	var r struct {
		Key  string `db:"address_key"`
		Hash []byte `db:"address_hash"`
	}
	err := t.get(&r, selectAddress, string(id))
	return bridge.AddressMark{Key: r.Key, Hash: r.Hash}, err
}

func (t *transaction) ForgetAddress(id bridge.ConversationID) error {
	return t.exec(deleteAddress, string(id))
}

type blockRow struct {
	Conversation string `db:"conversation_id"`
	Number       int64  `db:"number"`
	Area         string `db:"service_area"`
	Key          string `db:"address_key"`
	Hash         []byte `db:"address_hash"`
	Reason       string `db:"reason"`
	MadeBy       string `db:"made_by"`
	MadeAt       int64  `db:"made_at"`
	Until        int64  `db:"until"`
	LiftedBy     string `db:"lifted_by"`
	LiftedAt     int64  `db:"lifted_at"`
}

func (r blockRow) block() bridge.Block {
	return bridge.Block{
		Conversation: bridge.ConversationID(r.Conversation), Number: r.Number, Area: bridge.ServiceAreaID(r.Area),
		Mark: bridge.AddressMark{Key: r.Key, Hash: r.Hash}, Reason: r.Reason, MadeBy: bridge.UserID(r.MadeBy),
		MadeAt: fromMillis(r.MadeAt), Until: fromMillis(r.Until), LiftedBy: bridge.UserID(r.LiftedBy), LiftedAt: fromMillis(r.LiftedAt),
	}
}

const (
	upsertBlock = `INSERT INTO blocks (conversation_id, service_area, address_key, address_hash, reason, made_by, made_at, until, lifted_by, lifted_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation_id) DO UPDATE SET service_area = excluded.service_area,
		address_key = excluded.address_key, address_hash = excluded.address_hash, reason = excluded.reason, made_by = excluded.made_by,
		made_at = excluded.made_at, until = excluded.until, lifted_by = excluded.lifted_by, lifted_at = excluded.lifted_at`
	selectBlocks = `SELECT b.conversation_id, c.number, b.service_area, b.address_key, b.address_hash, b.reason, b.made_by, b.made_at,
		b.until, b.lifted_by, b.lifted_at FROM blocks b JOIN conversations c ON c.id = b.conversation_id WHERE b.until > ? AND b.lifted_at = 0`
	ofBlocked     = ` AND b.conversation_id = ?`
	inOrderMade   = ` ORDER BY b.made_at, c.number`
	blocksOfArea  = ` AND b.service_area = ?` + inOrderMade
	selectKeysNow = `SELECT id, secret, made_at FROM address_keys WHERE id IN
		(SELECT address_key FROM blocks WHERE until > ? AND lifted_at = 0) ORDER BY id`
	countBlocked = `SELECT count(*) FROM blocks WHERE address_hash = ? AND address_key = ? AND until > ? AND lifted_at = 0`
)

func (t *transaction) SaveBlock(b bridge.Block) error {
	return t.exec(upsertBlock, string(b.Conversation), string(b.Area), b.Mark.Key, b.Mark.Hash, b.Reason, string(b.MadeBy), millis(b.MadeAt),
		millis(b.Until), string(b.LiftedBy), millis(b.LiftedAt))
}

func (t *transaction) BlockOf(id bridge.ConversationID, now time.Time) (bridge.Block, error) {
	var r blockRow
	err := t.get(&r, selectBlocks+ofBlocked, millis(now), string(id))
	return r.block(), err
}

func (t *transaction) Blocks(area bridge.ServiceAreaID, now time.Time) ([]bridge.Block, error) {
	query, args := selectBlocks+inOrderMade, []any{millis(now)}
	if area != "" {
		query, args = selectBlocks+blocksOfArea, append(args, string(area))
	}
	var rows []blockRow
	if err := t.list(&rows, query, args...); err != nil {
		return nil, err
	}
	out := make([]bridge.Block, len(rows))
	for i, r := range rows {
		out[i] = r.block()
	}
	return out, nil
}

func (t *transaction) BlockingKeys(now time.Time) ([]bridge.AddressKey, error) {
	var rows []addressKeyRow
	if err := t.list(&rows, selectKeysNow, millis(now)); err != nil {
		return nil, err
	}
	out := make([]bridge.AddressKey, len(rows))
	for i, r := range rows {
		out[i] = r.key()
	}
	return out, nil
}

func (t *transaction) IsBlocked(m bridge.AddressMark, now time.Time) (bool, error) {
	var n int
	err := t.get(&n, countBlocked, m.Hash, m.Key, millis(now))
	return n > 0, err
}
