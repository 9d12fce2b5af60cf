package bridge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Block keeps whoever wrote a conversation from opening others and from leaving requests, for a time.
// There are no cookies to tell a browser by: what is recognised is the conversation itself, by its tokens,
// and the network address from which it was opened. Whoever shares that address is kept out as well;
// whoever changes it is not.
type Block struct {
	Conversation ConversationID
	// Number is the conversation's.
	Number int64
	Area   ServiceAreaID
	// Mark is empty when no address was known.
	Mark AddressMark
	// Reason is what the clerk noted, at most MaxReason characters.
	Reason string
	MadeBy UserID
	MadeAt time.Time
	Until  time.Time
	// LiftedBy is empty unless somebody has ended it before its time.
	LiftedBy UserID
	LiftedAt time.Time
}

// AddressMark is an address under a key, by which it is recognised and not read. It is kept with a
// conversation until that can't be taken up any more, and with a block until that ends.
type AddressMark struct {
	// Key is the ID of the AddressKey.
	Key  string
	Hash []byte
}

// AddressKey is the random key of a day's marks. It is forgotten when nothing is marked by it.
type AddressKey struct {
	ID     string
	Secret []byte
	MadeAt time.Time
}

const (
	// DefaultBlock is how long a block lasts where the clerk says nothing else.
	DefaultBlock  = 24 * time.Hour
	shortestBlock = 10 * time.Minute
	longestBlock  = 30 * 24 * time.Hour
	// keyFor is how long new marks are made with the same key.
	keyFor = 24 * time.Hour
)

// BlockTx is what Tx keeps about blocks.
type BlockTx interface {
	// NewestAddressKey returns ErrNotFound when none was made since a time.
	NewestAddressKey(since time.Time) (AddressKey, error)
	AddAddressKey(AddressKey) error
	// ForgetAddressKeys forgets what was made before a time and marks nothing any more, and the marks of
	// blocks that are over.
	ForgetAddressKeys(before, now time.Time) error
	SaveAddress(ConversationID, AddressMark) error
	// Address returns ErrNotFound when none is kept.
	Address(ConversationID) (AddressMark, error)
	ForgetAddress(ConversationID) error
	// SaveBlock replaces the block of the same conversation.
	SaveBlock(Block) error
	// BlockOf returns the block of a conversation that counts at a time; ErrNotFound.
	BlockOf(id ConversationID, now time.Time) (Block, error)
	// Blocks are those that count at a time, of one area or all, the oldest first.
	Blocks(area ServiceAreaID, now time.Time) ([]Block, error)
	// BlockingKeys are the keys of marks that are blocked at a time.
	BlockingKeys(now time.Time) ([]AddressKey, error)
	IsBlocked(mark AddressMark, now time.Time) (bool, error)
}

func (k AddressKey) mark(address string) AddressMark {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte(address))
	return AddressMark{Key: k.ID, Hash: h.Sum(nil)}
}

// markAddress keeps, with a conversation, from where it was opened.
func (b *Bridge) markAddress(tx Tx, id ConversationID, address string, now time.Time) error {
	if address == "" {
		return nil
	}
	key, err := tx.NewestAddressKey(now.Add(-keyFor))
	if errors.Is(err, ErrNotFound) {
		key = AddressKey{ID: NewID(), Secret: make([]byte, 32), MadeAt: now}
		_, _ = rand.Read(key.Secret) // never fails since Go 1.24
		if err = tx.AddAddressKey(key); err == nil {
			err = tx.ForgetAddressKeys(now.Add(-keyFor), now)
		}
	}
	if err != nil {
		return err
	}
	return tx.SaveAddress(id, key.mark(address))
}

// admitAddress fails with ErrBlocked when an address is blocked.
func (b *Bridge) admitAddress(tx Tx, address string, now time.Time) error {
	if address == "" {
		return nil
	}
	keys, err := tx.BlockingKeys(now)
	if err != nil {
		return err
	}
	for _, key := range keys {
		blocked, err := tx.IsBlocked(key.mark(address), now)
		if err != nil {
			return err
		}
		if blocked {
			return ErrBlocked
		}
	}
	return nil
}

// notBlocked fails with ErrBlocked when a conversation was ended by a block that counts still.
func (b *Bridge) notBlocked(tx Tx, id ConversationID) error {
	_, err := tx.BlockOf(id, b.now())
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = ErrBlocked
	}
	return err
}

var (
	blockForm = regexp.MustCompile(`^([0-9]{1,5})(min|m|std|h|tage|tag|days|day|d|t|w)$`)
	blockUnit = map[string]time.Duration{
		"min": time.Minute, "m": time.Minute, "std": time.Hour, "h": time.Hour, "tage": 24 * time.Hour, "tag": 24 * time.Hour,
		"days": 24 * time.Hour, "day": 24 * time.Hour, "d": 24 * time.Hour, "t": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}
	offWords = map[string]bool{"aus": true, "off": true}
)

// readBlock reads "[duration] [reason]".
func readBlock(rest string) (lasts time.Duration, reason string, err error) {
	lasts, reason = DefaultBlock, rest
	if word, after := firstWord(rest); word != "" && word[0] >= '0' && word[0] <= '9' {
		m := blockForm.FindStringSubmatch(word)
		if m == nil {
			return 0, "", wrong("block")
		}
		n, _ := strconv.Atoi(m[1]) // at most five digits
		lasts, reason = time.Duration(n)*blockUnit[m[2]], after
		if lasts < shortestBlock || lasts > longestBlock {
			return 0, "", wrong("block")
		}
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if utf8.RuneCountInString(reason) > MaxReason {
		return 0, "", wrong("reason")
	}
	return lasts, reason, nil
}

// blockByOrder ends the conversation and keeps its browser out: !sperren [duration] [reason]; !sperren
// aus lets it in again.
func (b *Bridge) blockByOrder(tx Tx, o order) (string, error) {
	if word, _ := firstWord(o.rest); offWords[word] {
		return b.liftBlock(tx, o.words, o.by, o.c.Number, o.c.Area)
	}
	lasts, reason, err := readBlock(o.rest)
	if err != nil {
		return "", err
	}
	now := b.now()
	mark, err := tx.Address(o.c.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	block := Block{
		Conversation: o.c.ID, Number: o.c.Number, Area: o.c.Area, Mark: mark, Reason: reason,
		MadeBy: o.by, MadeAt: now, Until: now.Add(lasts),
	}
	if err := tx.SaveBlock(block); err != nil {
		return "", err
	}
	if o.c.State != Closed {
		if err := b.shut(tx, o.c, ByClerk, reason); err != nil {
			return "", err
		}
	}
	key := "blocked"
	if len(mark.Hash) == 0 {
		key = "blocked_chat_only"
	}
	return o.words.say(key, map[string]string{"Clerk": o.name, "Reason": reason, "Until": o.words.moment(block.Until, now)}), nil
}

// manageBlocks lists the blocks that count, of one area or all, or lifts one: aus NUMBER.
func (b *Bridge) manageBlocks(tx Tx, words *texts, by UserID, area ServiceAreaID, rest string) (string, error) {
	if rest != "" {
		word, after := firstWord(rest)
		number, err := strconv.ParseInt(strings.TrimPrefix(after, "#"), 10, 64)
		if !offWords[word] || err != nil {
			return "", wrong("blocks")
		}
		return b.liftBlock(tx, words, by, number, area)
	}
	blocks, err := tx.Blocks(area, b.now())
	if err != nil || len(blocks) == 0 {
		return words.say("blocks_none", nil), err
	}
	var out []string
	for _, block := range blocks {
		name, err := b.clerkName(tx, block.MadeBy)
		if err != nil {
			return "", err
		}
		out = append(out, words.say("blocks_line", map[string]string{
			"Number": strconv.FormatInt(block.Number, 10), "Clerk": name, "Reason": block.Reason, "Until": words.moment(block.Until, b.now()),
		}))
	}
	return strings.Join(out, "\n"), nil
}

// liftBlock ends a block before its time; in an area's rooms, one of the area's.
func (b *Bridge) liftBlock(tx Tx, words *texts, by UserID, number int64, area ServiceAreaID) (string, error) {
	blocks, err := tx.Blocks(area, b.now())
	if err != nil {
		return "", err
	}
	for _, block := range blocks {
		if block.Number != number {
			continue
		}
		block.LiftedBy, block.LiftedAt = by, b.now()
		return words.say("block_lifted", map[string]string{"Number": strconv.FormatInt(number, 10)}), tx.SaveBlock(block)
	}
	return "", wrong("no_block", "Number", strconv.FormatInt(number, 10))
}
