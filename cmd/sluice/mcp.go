package main

import (
	"context"
	"io"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/mcp"
)

func (p *program) mcpCommand() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use: "mcp", Short: "Run the MCP server over stdio, for coding agents on this machine", Args: noArgs,
		Long:    "Agents start this command themselves. It needs no token: whoever can run it can read the data directory anyway.",
		Example: "  claude mcp add sluice -- sluice mcp --data-dir /srv/sluice",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				transport := &sdk.IOTransport{Reader: io.NopCloser(p.stdin), Writer: nopWriteCloser{p.stdout}}
				return mcp.New(a.MCP(), auth.Role(role)).Run(ctx, transport)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", string(auth.Reader), "what the agent sees: reader, or admin for restricted pages as well")
	return cmd
}

type nopWriteCloser struct{ io.Writer }

// Close leaves the stream open; it is the process's.
func (nopWriteCloser) Close() error { return nil }
