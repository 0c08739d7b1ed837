// Runs before the page is painted: what needs a script is shown only where there is one.
document.documentElement.classList.add("js");
