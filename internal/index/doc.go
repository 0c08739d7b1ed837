// Package index takes one page in: storage format to Markdown, Markdown to chunks, chunks into the store in one short
// transaction, so that the page can be found by its words as soon as Store returns. Batches of pages share their
// look-ups (people, link targets, JIRA projects) and are converted side by side. It knows nothing of how pages are
// fetched, and leaves vectors to the embedding backlog.
package index
