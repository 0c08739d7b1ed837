// Package api is the JSON API: it describes each call once, as a Go type and a few words, from which the request is
// checked, the answer written and the OpenAPI document generated. What the calls do is in the services behind them.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/input"
	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/server/session"
	"github.com/sluicehq/sluice/internal/wiki"
)

// MaxBody is how many bytes a request's body may have.
const MaxBody = 1 << 20

// Options are the parts of the API.
type Options struct {
	Sources  Sources
	Searcher Searcher
	Accounts Accounts
	Instance Instance
	Version  string
	BaseURL  string // public URL; empty: relative to wherever the document was fetched
	// PublicSearch lets nobody in particular search and read pages.
	PublicSearch bool
	Log          *slog.Logger
}

// API is the calls and their description.
type API struct {
	options Options
	huma    huma.API
	access  map[string]session.Access // by operation id
}

// New registers the calls on e, whose middleware must have put the identity into the request's context.
func New(e *echo.Echo, options Options) *API {
	config := huma.DefaultConfig("Sluice", options.Version)
	config.Info.Description = description
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema in answers
	config.Formats = map[string]huma.Format{"application/json": plainJSON(), "json": plainJSON()}
	config.Transformers = []huma.Transformer{validationProblem}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token, made on the settings page or by `sluice token create`."},
		"session": {Type: "apiKey", In: "cookie", Name: session.CookieName, Description: "The browser's session."},
	}
	if options.BaseURL != "" {
		config.Servers = []*huma.Server{{URL: strings.TrimSuffix(options.BaseURL, "/")}}
	}
	config.Tags = []*huma.Tag{
		{Name: "Search", Description: "Finding pages."},
		{Name: "Sources", Description: "Which spaces are synced, and how."},
		{Name: "Sync", Description: "Sync runs, their failures, and deletions that wait for a decision."},
		{Name: "Pages", Description: "What is stored."},
		{Name: "Connections", Description: "The sites and the accounts that read them."},
		{Name: "Accounts", Description: "People, tokens, invitations, sessions."},
		{Name: "Instance", Description: "Settings, search statistics, the audit log."},
	}
	a := &API{options: options, huma: humaecho.New(e, config), access: map[string]session.Access{}}
	a.huma.UseMiddleware(mapStatus)
	a.addSearch()
	a.addSources()
	a.addSync()
	a.addPages()
	a.addConnections()
	a.addAccounts()
	a.addTokens()
	a.addInstance()
	a.finishSchemas()
	return a
}

// plainJSON is JSON in which no markup stands as such ("<" is written \u003c), so that nothing that takes an answer for a
// page finds a tag in it.
func plainJSON() huma.Format {
	return huma.Format{
		Marshal:   func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) },
		Unmarshal: json.Unmarshal,
	}
}

const description = "Search a company's Confluence spaces and administer their sync.\n\n" +
	"Errors are `application/problem+json` (RFC 9457); for bad input `errors` names the fields. Times are RFC 3339 in UTC. " +
	"Lists take `limit` and `cursor` and answer `next_cursor`, which is empty at the end. Reads carry an `ETag`; send it back as " +
	"`If-None-Match` to be answered 304 where nothing changed. A POST with an `Idempotency-Key` header is done once: " +
	"repeating it within a day answers what the first one did."

// operation is what differs from call to call.
type operation struct {
	id, method, path, tag, summary, description string
	access                                      session.Access
	status                                      int // of success; 0: 200, or 204 where there is no body
}

// add registers a call. Errors of the handler become problems; those that are the server's fault are logged.
func add[I, O any](a *API, op operation, handler func(context.Context, *I) (*O, error)) {
	a.access[op.id] = op.access
	o := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag}, Summary: op.summary,
		Description: op.description, DefaultStatus: op.status, MaxBodyBytes: MaxBody,
		Middlewares: huma.Middlewares{a.guard(op.access)},
		Security:    []map[string][]string{{"token": {}}, {"session": {}}},
		Responses:   map[string]*huma.Response{"default": a.problemResponse("Anything else"), "401": a.problemResponse("No session, no token, or one that is not good any more")},
		Extensions:  map[string]any{"x-access": string(op.access)},
	}
	if op.access == session.ForAdmin {
		o.Responses["403"] = a.problemResponse("Signed in, but no administrator")
	}
	huma.Register(a.huma, o, func(ctx context.Context, in *I) (*O, error) {
		if faults := input.Faults(in); len(faults) > 0 {
			return nil, a.problem(ctx, &wiki.InvalidError{Fields: faults})
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		if out != nil {
			noNullLists(out)
		}
		return out, nil
	})
}

func (a *API) problemResponse(description string) *huma.Response {
	schema := huma.SchemaFromType(a.huma.OpenAPI().Components.Schemas, problemType)
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
}

// problem turns an error into what the client is told, and logs what it is not told.
func (a *API) problem(ctx context.Context, err error) *problem.Problem {
	p := problem.From(err)
	if p.Internal() {
		a.options.Log.ErrorContext(ctx, "api call failed", "request", requestID(ctx), "status", p.Status, "err", err)
		p.RequestID = requestID(ctx)
	}
	return p
}

// guard refuses who may not make the call, before its input is looked at.
func (a *API) guard(access session.Access) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		identity := auth.FromContext(ctx.Context())
		switch {
		case access == session.ForSearch && (a.options.PublicSearch || identity.Known()),
			access == session.ForSignedIn && identity.Known(),
			access == session.ForAdmin && identity.IsAdmin():
			next(ctx)
		case identity.Known():
			Write(humaecho.Unwrap(ctx), problem.From(auth.ErrNotAllowed))
		default:
			Write(humaecho.Unwrap(ctx), problem.New(http.StatusUnauthorized,
				"This needs an API token (Authorization: Bearer …) or a browser session."))
		}
	}
}

// Write answers with a problem.
func Write(c echo.Context, p *problem.Problem) {
	header := c.Response().Header()
	maps.Copy(header, p.GetHeaders())
	header.Set(echo.HeaderContentType, problem.ContentType)
	header.Set(echo.HeaderCacheControl, "no-store")
	c.Response().WriteHeader(p.Status)
	_ = c.Echo().JSONSerializer.Serialize(c, p, "") // the client has gone; nothing to do about it
}

// refusal is the error of a call that speaks to Confluence: what is not found there is the space, and what it calls a bad
// request is not the client's.
func refusal(err error) error {
	if errors.Is(err, wiki.ErrNotFound) {
		const detail = "The space was not found: either there is none with this key, or the account may not see it."
		return problem.New(http.StatusUnprocessableEntity, detail, wiki.FieldError{Field: "space_key", Message: detail})
	}
	var ours *wiki.InvalidError
	if errors.Is(err, wiki.ErrInvalid) && !errors.As(err, &ours) {
		return problem.New(http.StatusUnprocessableEntity, "Confluence takes this for a bad request: "+err.Error())
	}
	return err
}

type requestIDKey struct{}

// WithRequestID returns a context that carries the request's id, for problems and the log.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
