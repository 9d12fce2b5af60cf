// Command schalter is the whole product in one binary: the service, the demo, and the operator's
// tools. This is the only place where the parts are wired together.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Demo         demoCommand         `cmd:"" help:"Run everything on this machine: a homeserver, the service and a sample page."`
	Clerk        clerkCommand        `cmd:"" help:"Act as a clerk of the running demo, from the terminal."`
	Serve        serveCommand        `cmd:"" help:"Run the service."`
	Registration registrationCommand `cmd:"" help:"Print the appservice registration for the homeserver."`
	Check        checkCommand        `cmd:"" help:"Look whether everything that the service needs is there, and say what is not."`
	Embed        embedCommand        `cmd:"" help:"Print the lines that put the chat on a city's page."`
	Hours        hoursCommand        `cmd:"" help:"Show what opening hours mean, day by day."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schalter:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	parser, err := kong.New(&commands{}, kong.Name("schalter"),
		kong.Description("A city's live-chat counter on Matrix."), kong.UsageOnError())
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run()
}
