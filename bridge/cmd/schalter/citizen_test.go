package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// citizen is a browser as a program: it keeps what it wrote until it is answered, repeats what
// goes unanswered, and resumes its stream.
type citizen struct {
	t     testing.TB
	base  string
	index int
	// onMessage, if set, is called for each streamed message.
	onMessage func(apiMessage)
	// onEvent, if set, is called for each other event of the stream.
	onEvent func(name, data string)
	// id, token and number are set by open.
	id, token string
	number    int64

	mu   sync.Mutex
	sent []string     // texts that were acknowledged, in order
	ids  []string     // their message IDs
	seen []apiMessage // as streamed, in order of arrival
	bad  []string     // what must not happen on a stream
	// changed are the messages, by seq, that the stream told of again, as they are now.
	changed map[int64]apiMessage
	// edits are the last texts of messages, deletions what was deleted, by place in sent.
	edits     map[int]string
	deletions map[int]bool
}

type apiMessage struct {
	ID        string `json:"id"`
	Seq       int64  `json:"seq"`
	Direction string `json:"direction"`
	ClientID  string `json:"client_id"`
	Sender    string `json:"sender"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
	State     string `json:"state"`
	Emote     bool   `json:"emote"`
	EditedAt  string `json:"edited_at"`
	Deleted   bool   `json:"deleted"`
	ReplyTo   *struct {
		ID, Sender, Text string
		Deleted          bool
	} `json:"reply_to"`
	Reactions []struct {
		Key   string
		Count int
		Mine  bool
	} `json:"reactions"`
}

type apiConversation struct {
	State        string `json:"state"`
	Clerk        string `json:"clerk"`
	LastSeq      int64  `json:"last_seq"`
	DeliveredSeq int64  `json:"delivered_seq"`
	ReadSeq      int64  `json:"read_seq"`
	Delayed      bool   `json:"delayed"`
}

// post repeats a request until the service answers with something that is not its own trouble.
func (c *citizen) post(ctx context.Context, path, key string, body any) (int, []byte, error) {
	return c.request(ctx, http.MethodPost, path, key, body)
}

func (c *citizen) request(ctx context.Context, method, path, key string, body any) (int, []byte, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	for ctx.Err() == nil {
		r, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1/"+path, bytes.NewReader(data))
		if err != nil {
			return 0, nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		resp, err := client.Do(r)
		if err == nil {
			answer, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err == nil && resp.StatusCode < 500 {
				return resp.StatusCode, answer, nil
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(40 * time.Millisecond): // a browser's pause before it repeats
		}
	}
	return 0, nil, ctx.Err()
}

// open starts the conversation with a first message.
func (c *citizen) open(ctx context.Context, area, text string) error {
	key := fmt.Sprintf("opening-of-%p-%d", c, time.Now().UnixNano())
	status, data, err := c.post(ctx, "conversations", key, map[string]any{
		"service_area": area, "language": "de", "name": fmt.Sprintf("Anna %d", c.index),
		"message": map[string]string{"client_id": "m1", "text": text},
	})
	if err != nil {
		return err
	}
	var answer struct {
		ID, Token string
		Number    int64
		Message   struct{ ID string }
	}
	if err := json.Unmarshal(data, &answer); err != nil || status != http.StatusCreated {
		return fmt.Errorf("opening answered %d: %s", status, data)
	}
	c.id, c.token, c.number = answer.ID, answer.Token, answer.Number
	c.mu.Lock()
	c.sent, c.ids = append(c.sent, text), append(c.ids, answer.Message.ID)
	c.mu.Unlock()
	return nil
}

// say sends a text and returns when it is acknowledged.
func (c *citizen) say(ctx context.Context, text string) error {
	c.mu.Lock()
	n := len(c.sent) + 1
	c.mu.Unlock()
	status, data, err := c.post(ctx, "conversations/"+c.id+"/messages", "", map[string]string{
		"client_id": fmt.Sprintf("m%d", n), "text": text,
	})
	if err != nil {
		return err
	}
	var answer struct{ ID string }
	if err := json.Unmarshal(data, &answer); err != nil || status != http.StatusAccepted {
		return fmt.Errorf("message answered %d: %s", status, data)
	}
	c.mu.Lock()
	c.sent, c.ids = append(c.sent, text), append(c.ids, answer.ID)
	c.mu.Unlock()
	return nil
}

func (c *citizen) get(path string, into any) error {
	text, err := c.page(path)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// page is what the conversation's path answers.
func (c *citizen) page(path string) (string, error) {
	r, err := http.NewRequest(http.MethodGet, c.base+"/api/v1/conversations/"+c.id+path, nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s answered %d", path, resp.StatusCode)
	}
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func (c *citizen) history() ([]apiMessage, error) {
	var all []apiMessage
	for {
		after := int64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		var page struct{ Messages []apiMessage }
		if err := c.get(fmt.Sprintf("/messages?after=%d", after), &page); err != nil {
			return nil, err
		}
		if len(page.Messages) == 0 {
			return all, nil
		}
		all = append(all, page.Messages...)
	}
}

// listen keeps the stream open until ctx ends, and resumes it when it breaks.
func (c *citizen) listen(ctx context.Context) {
	for ctx.Err() == nil {
		_ = c.stream(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(40 * time.Millisecond): // a browser's pause before it reconnects
		}
	}
}

var streaming = &http.Client{Transport: &http.Transport{}}

func (c *citizen) stream(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/api/v1/conversations/"+c.id+"/stream", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	c.mu.Lock()
	if n := len(c.seen); n > 0 {
		r.Header.Set("Last-Event-ID", fmt.Sprint(c.seen[n-1].Seq))
	}
	c.mu.Unlock()
	resp, err := streaming.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("stream answered %d", resp.StatusCode)
	}
	event := ""
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = name
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if ok && event == "message_changed" {
			var m apiMessage
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				return err
			}
			c.mu.Lock()
			if m.Seq > int64(len(c.seen)) {
				c.bad = append(c.bad, fmt.Sprintf("seq %d has changed and was never streamed", m.Seq))
			}
			if c.changed == nil {
				c.changed = map[int64]apiMessage{}
			}
			c.changed[m.Seq] = m
			c.mu.Unlock()
		}
		if ok && event != "message" && c.onEvent != nil {
			c.onEvent(event, data)
		}
		if ok && event == "message" {
			var m apiMessage
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				return err
			}
			c.mu.Lock()
			if want := int64(len(c.seen) + 1); m.Seq != want {
				c.bad = append(c.bad, fmt.Sprintf("streamed seq %d where %d was next", m.Seq, want))
			}
			c.seen = append(c.seen, m)
			c.mu.Unlock()
			if c.onMessage != nil {
				c.onMessage(m)
			}
		}
	}
	return lines.Err()
}

func (c *citizen) streamed() ([]apiMessage, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]apiMessage(nil), c.seen...), append([]string(nil), c.bad...)
}

func (c *citizen) acknowledged() (texts, ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.sent...), append([]string(nil), c.ids...)
}
