package convert

// tag identifies the elements that are treated specially; all others are tagOther and unwrapped.
type tag uint8

const (
	tagOther tag = iota
	tagA
	tagBlockquote
	tagBold
	tagBr
	tagCaption
	tagCode
	tagDel
	tagDiv // and every other block without a meaning of its own
	tagEm
	tagHeading
	tagHr
	tagIframe
	tagImg
	tagLi
	tagList // ul
	tagOl
	tagP
	tagPre
	tagScript // and style
	tagSpan
	tagSub
	tagSup
	tagTable
	tagTbody // and thead, tfoot
	tagTd
	tagTh
	tagTime
	tagTr
	tagVoid // elements that never have content

	tagAdfAttribute
	tagAdfContent
	tagAdfExtension
	tagAdfFallback
	tagAdfMark
	tagAdfNode
	tagAdfNote // caption of an image
	tagDefaultParameter
	tagEmoticon
	tagImage
	tagLayout // and its sections and cells
	tagLayoutCell
	tagLink
	tagLinkBody
	tagMacro
	tagMarker
	tagParameter
	tagPlaceholder
	tagPlainBody
	tagPlainLinkBody
	tagRichBody
	tagTask
	tagTaskBody
	tagTaskID
	tagTaskList
	tagTaskStatus

	tagRiAttachment
	tagRiBlogPost
	tagRiContent
	tagRiPage
	tagRiShortcut
	tagRiSpace
	tagRiURL
	tagRiUser

	tagAtDeclarations
	tagAtVar

	tagCount
)

var tagsByName = map[string]tag{ //nolint:gochecknoglobals // a table
	"a": tagA, "blockquote": tagBlockquote, "b": tagBold, "strong": tagBold, "br": tagBr, "caption": tagCaption,
	"code": tagCode, "tt": tagCode, "kbd": tagCode, "samp": tagCode, "s": tagDel, "del": tagDel, "strike": tagDel,
	"em": tagEm, "i": tagEm, "h1": tagHeading, "h2": tagHeading, "h3": tagHeading, "h4": tagHeading, "h5": tagHeading,
	"h6": tagHeading, "hr": tagHr, "iframe": tagIframe, "img": tagImg, "li": tagLi, "ul": tagList, "menu": tagList,
	"dir": tagList, "ol": tagOl, "p": tagP, "pre": tagPre, "script": tagScript, "style": tagScript, "span": tagSpan,
	"sub": tagSub, "sup": tagSup, "table": tagTable, "tbody": tagTbody, "thead": tagTbody, "tfoot": tagTbody,
	"td": tagTd, "th": tagTh, "time": tagTime, "tr": tagTr,

	"div": tagDiv, "section": tagDiv, "article": tagDiv, "aside": tagDiv, "header": tagDiv, "footer": tagDiv,
	"main": tagDiv, "nav": tagDiv, "figure": tagDiv, "figcaption": tagDiv, "address": tagDiv, "center": tagDiv,
	"details": tagDiv, "summary": tagDiv, "dl": tagDiv, "dt": tagDiv, "dd": tagDiv, "fieldset": tagDiv, "form": tagDiv,
	"legend": tagDiv, "option": tagDiv, "html": tagDiv, "body": tagDiv, "head": tagDiv, "title": tagDiv, "noscript": tagDiv,

	"area": tagVoid, "base": tagVoid, "col": tagVoid, "embed": tagVoid, "frame": tagVoid, "input": tagVoid,
	"link": tagVoid, "meta": tagVoid, "param": tagVoid, "source": tagVoid, "track": tagVoid, "wbr": tagVoid,

	"ac:adf-attribute": tagAdfAttribute, "ac:adf-content": tagAdfContent, "ac:adf-extension": tagAdfExtension,
	"ac:adf-fallback": tagAdfFallback, "ac:adf-mark": tagAdfMark, "ac:adf-node": tagAdfNode, "ac:caption": tagAdfNote,
	"ac:default-parameter": tagDefaultParameter, "ac:emoticon": tagEmoticon, "ac:image": tagImage,
	"ac:layout": tagLayout, "ac:layout-section": tagLayout, "ac:layout-cell": tagLayoutCell, "ac:link": tagLink,
	"ac:link-body": tagLinkBody, "ac:structured-macro": tagMacro, "ac:macro": tagMacro,
	"ac:inline-comment-marker": tagMarker, "ac:parameter": tagParameter, "ac:placeholder": tagPlaceholder,
	"ac:plain-text-body": tagPlainBody, "ac:plain-text-link-body": tagPlainLinkBody, "ac:rich-text-body": tagRichBody,
	"ac:task": tagTask, "ac:task-body": tagTaskBody, "ac:task-id": tagTaskID, "ac:task-uuid": tagTaskID,
	"ac:task-list": tagTaskList, "ac:task-status": tagTaskStatus,

	"ri:attachment": tagRiAttachment, "ri:blog-post": tagRiBlogPost, "ri:content-entity": tagRiContent,
	"ri:page": tagRiPage, "ri:shortcut": tagRiShortcut, "ri:space": tagRiSpace, "ri:url": tagRiURL, "ri:user": tagRiUser,

	"at:declarations": tagAtDeclarations, "at:var": tagAtVar,
}

// isVoid reports elements without content, whether or not they are written with a slash.
func (t tag) isVoid() bool {
	return t == tagVoid || t == tagBr || t == tagHr || t == tagImg || t == tagIframe
}

// isBlock reports HTML elements that end a paragraph or heading that was left open.
func (t tag) isBlock() bool {
	switch t {
	case tagP, tagDiv, tagHeading, tagList, tagOl, tagTable, tagPre, tagBlockquote, tagHr, tagLayout, tagLayoutCell, tagTaskList:
		return true
	default:
		return false
	}
}

// isBarrier reports elements that hold content of their own, which an HTML end tag from inside may not close.
func (t tag) isBarrier() bool {
	switch t {
	case tagRichBody, tagLayoutCell, tagTaskBody, tagLinkBody, tagTd, tagTh, tagAdfContent, tagAdfNote, tagCaption:
		return true
	default:
		return false
	}
}

// isTablePart reports the elements whose end tags close open cells.
func (t tag) isTablePart() bool {
	return t == tagTable || t == tagTbody || t == tagTr || t == tagTd || t == tagTh
}
