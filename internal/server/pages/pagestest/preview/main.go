// Command preview serves the pages over the fakes of package pagestest, for looking at them while working on views:
//
//	go run ./internal/server/pages/pagestest/preview -listen 127.0.0.1:8099
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/sluicehq/sluice/internal/server/pages/pagestest"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8099", "address to serve at")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := serve(*listen, log); err != nil {
		log.Error("preview stopped", "err", err)
		os.Exit(1)
	}
}

func serve(listen string, log *slog.Logger) error {
	site, err := pagestest.New(log)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s  %s  %q\n", listen, pagestest.AdminEmail, pagestest.Password)
	server := http.Server{Addr: listen, Handler: site.Handler, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}
