// Package confluence is the client for Confluence Cloud and Data Center: typed calls, paging, limits, retries. It knows
// nothing of storage or Markdown.
//
// Every answer is distrusted: bodies are bounded, a page of HTML is no answer, rows without an id or a version are
// broken, cursors may repeat, pages may be shorter than asked for or empty in the middle. What is broken is asked for
// again; in the end there is an error of one of package wiki's kinds. A listing that ends without an error is complete.
//
// A Pool holds what all clients of a process share per site: how many requests are under way, how many go out a second,
// and until when the site asked to be left alone.
package confluence
