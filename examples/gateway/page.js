// Fetches the page again when the gateway says that it would look different,
// and puts the parts that change in their place.
const parts = ["summary", "accounts", "timeline"];

async function refresh() {
  const response = await fetch("/planguard", { cache: "no-store" });
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  document.title = next.title;
  for (const id of parts) {
    const [here, there] = [document.getElementById(id), next.getElementById(id)];
    if (here.innerHTML !== there.innerHTML) here.replaceChildren(...there.childNodes);
  }
}

const events = new EventSource("/planguard/events");
events.onmessage = () => refresh().catch(() => {});
// Whatever happened while the line was down.
events.onopen = () => refresh().catch(() => {});
