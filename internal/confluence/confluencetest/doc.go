// Package confluencetest is a Confluence in the process: it speaks the REST API of Confluence Cloud (v2, and what is
// left of v1) or of Data Center, keeps its content in memory, and misbehaves on demand in every way a real site does.
//
// It is written from the API's documentation and from what others measured on live sites, not from what our client
// asks for, so that a misunderstanding of the client does not repeat itself here. Tests and the demonstration share it.
//
// Methods that change the site panic when they are misused (an unknown space or id): that is a fault of the test.
package confluencetest
