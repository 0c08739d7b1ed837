/** @type {import('tailwindcss').Config} */
// The colours are CSS variables (web/css/input.css), so that light, dark and system need no second set of classes.
module.exports = {
  content: ["./web/views/**/*.templ", "./internal/server/pages/**/*.go", "./web/static/*.js"].map((p) => require("path").join(__dirname, p)),
  // Put together from a tone at run time.
  safelist: ["ok", "warn", "bad", "info"].map((t) => `alert-${t}`).concat(["plain", "accent", "ok", "warn", "bad"].flatMap((t) => [`badge-${t}`, `text-${t}`]), ["toc-2", "toc-3"]),
  darkMode: "selector",
  theme: {
    screens: { sm: "640px", md: "768px", lg: "1024px", xl: "1280px" },
    extend: {
      colors: {
        bg: "var(--bg)",
        surface: "var(--surface)",
        subtle: "var(--subtle)",
        line: "var(--line)",
        "line-strong": "var(--line-strong)",
        ink: "var(--ink)",
        "ink-2": "var(--ink-2)",
        accent: "var(--accent)",
        "accent-soft": "var(--accent-soft)",
        "on-accent": "var(--on-accent)",
        ok: "var(--ok)",
        "ok-soft": "var(--ok-soft)",
        warn: "var(--warn)",
        "warn-soft": "var(--warn-soft)",
        bad: "var(--bad)",
        "bad-soft": "var(--bad-soft)",
      },
      fontFamily: {
        sans: ["Inter", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
        mono: ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"],
      },
      fontSize: {
        xs: ["0.75rem", "1.125rem"],
        sm: ["0.8125rem", "1.25rem"],
        base: ["0.875rem", "1.375rem"],
        lg: ["1rem", "1.5rem"],
        xl: ["1.25rem", "1.75rem"],
        "2xl": ["1.625rem", "2rem"],
      },
      borderRadius: { DEFAULT: "6px", md: "6px", lg: "10px", xl: "14px" },
      boxShadow: { card: "var(--shadow-card)", pop: "var(--shadow-pop)" },
      maxWidth: { page: "82rem", read: "46rem" },
    },
  },
  corePlugins: { container: false },
};
