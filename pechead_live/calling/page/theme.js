// As the system has it, before the first picture is drawn.

const dark = matchMedia("(prefers-color-scheme: dark)");
const show = () => (document.documentElement.dataset.theme = dark.matches ? "dark" : "light");
dark.addEventListener("change", show);
show();
