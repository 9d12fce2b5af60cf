package webchat_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// A file is chosen, cancelled, tried again and sent by keyboard alone, and the focus is never lost on the way.
func TestWidgetSendsFilesByKeyboard(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	opened := make(chan *page.EventFileChooserOpened, 1)
	if err := chromedp.Listen(ctx, func(event any) {
		if chooser, ok := event.(*page.EventFileChooserOpened); ok {
			opened <- chooser
		}
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	// chosen answers the system's dialog, which has the names of the folder's files.
	chosen := func(names ...string) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			var paths []string
			for _, name := range names {
				paths = append(paths, filepath.Join(folder, name))
				if err := os.WriteFile(paths[len(paths)-1], []byte("%PDF-1.7 "+name), 0o600); err != nil {
					return err
				}
			}
			select {
			case chooser := <-opened:
				_, err := chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, BackendNodeID: chooser.BackendNodeID})
				return err
			case <-ctx.Done():
				return fmt.Errorf("no dialog for files: %w", ctx.Err())
			}
		})
	}
	enter := key(enterKey)
	at := func(selector string) chromedp.Action[chromedp.Void] {
		return until(`$('` + selector + `').matches(":focus")`)
	}

	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`))
	h.core.takesFiles()
	do(t, ctx, written("Grüezi"), says(".citizen", "gespeichert"), until(`!$(".clip").hidden && $("#text").matches(":focus")`))
	do(t, ctx, chromedp.KeyEvent(tabKey, chromedp.KeyModifiers(chromedp.ModifierShift)), at(".clip"), enter, at(".tray .second"))
	if told := control(t, ctx, "button", "Dateien wählen"); told["description"] != "Höchstens 20 MB je Datei und 5 Dateien. Möglich sind: PDF, JPG. Sie können Dateien auch hierher ziehen oder einfügen." {
		t.Errorf("the button says %v", told)
	}

	// What breaks off is cancelled by its own button, and the focus goes back to choosing.
	h.core.setFail("FileFromCitizen", bridge.ErrUnavailable)
	do(t, ctx, enter, chosen("Eins.pdf"), says(".tray li", "Es geht von selbst weiter"))
	control(t, ctx, "button", "Abbrechen: Eins.pdf")
	do(t, ctx, enter, until(`!$(".tray li")`), at(".tray .second"))

	// What is refused is tried again by the same button.
	h.core.setFail("FileFromCitizen", bridge.ErrFileTwofold)
	do(t, ctx, enter, chosen("Zwei.pdf"), says(".tray li", "enthält etwas anderes"))
	h.core.setFail("FileFromCitizen", nil)
	control(t, ctx, "button", "Nochmals versuchen: Zwei.pdf")
	do(t, ctx, enter, until(`!$(".tray li")`), says(".log .text", "Zwei.pdf"), says(".tray [role=status]", "Gesendet: Zwei.pdf"))
	do(t, ctx, at(".tray .second"))

	do(t, ctx, enter, chosen("Drei.pdf", "Vier.pdf"), says(".log .text", "Drei.pdf"), says(".log .text", "Vier.pdf"), at(".tray .second"),
		press("Escape", 27), until(`$(".tray").hidden && $("dialog").open`), at(".clip"))
	if n := len(h.core.messagesOf(h.core.only(t))); n != 4 {
		t.Errorf("%d messages", n)
	}
}
