package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/pgserver"
)

// postgresScriptCommand is what the message about a missing PostgreSQL tells people to run: sluice postgres-script | sudo sh.
func (p *program) postgresScriptCommand() *cobra.Command {
	return &cobra.Command{
		Use: "postgres-script", Short: "Print the script that installs PostgreSQL with pgvector here", Args: noArgs,
		Long:    "For Debian, Ubuntu and macOS. It asks nothing, and does nothing where both are installed.",
		Example: "  sluice postgres-script | sudo sh",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(p.stdout, pgserver.InstallScript())
			return err
		},
	}
}
