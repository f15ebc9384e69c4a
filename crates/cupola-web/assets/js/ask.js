// The conversation with the assistant: after an answer one goes on typing. Browsers give the field no focus by
// themselves where the address leads to a part of the page, as it does to the newest answer.
const field = document.querySelector("form#ask input#question");
if (field && location.hash.startsWith("#turn-")) field.focus({ preventScroll: true });

// Where a language model answers, the page shows its words and the tools that it calls as they come; the answer
// itself, with its numbers and links, is the hub's page. Without this script that page simply takes longer.
const talk = document.querySelector(".talk[data-stream]");
let isAsking = false;

function line(text) {
  const item = document.createElement("li");
  item.dir = "auto";
  item.textContent = text;
  return item;
}

function begin(question) {
  const turn = document.querySelector("#answering").content.firstElementChild.cloneNode(true);
  turn.querySelector("[data-question]").textContent = question;
  document.querySelector("form#ask").before(turn);
  turn.scrollIntoView({ block: "nearest" });
  return turn;
}

function show(turn, event, data) {
  const words = turn.querySelector("[data-words]");
  const calls = turn.querySelector("[data-calls]");
  const state = turn.querySelector("[data-state]");
  if (event === "words") {
    state.textContent = "The language model answers…";
    words.textContent += JSON.parse(data).text;
  } else if (event === "call") {
    const call = JSON.parse(data);
    // What was said before a call is no part of the answer.
    words.textContent = "";
    state.textContent = "The language model reads what it asked for…";
    calls.hidden = false;
    calls.append(line(`${call.tool} ${JSON.stringify(call.arguments)}${call.refused ? `: ${call.refused}` : ""}`));
  } else if (event === "end") {
    location.hash = new URL(data, location.href).hash;
    location.reload();
  } else if (event === "problem") {
    throw new Error(JSON.parse(data).title);
  }
}

async function hear(turn, answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the connection broke");
    const messages = (text + value).split("\n\n");
    text = messages.pop();
    for (const message of messages) {
      const event = message.match(/^event: ?(.*)$/m)?.[1] ?? "";
      const data = message.match(/^data: ?(.*)$/m)?.[1] ?? "";
      show(turn, event, data);
      if (event === "end") return;
    }
  }
}

async function ask(fields) {
  const turn = begin(fields.get("question"));
  const asked = { method: "POST", body: new URLSearchParams(fields) };
  try {
    const answer = await fetch(talk.dataset.stream, asked);
    if (!answer.ok) {
      const problem = await answer.json();
      throw new Error(problem.errors?.[0]?.message ?? problem.title);
    }
    await hear(turn, answer);
  } catch (error) {
    turn.querySelector("[data-state]").textContent =
      `No answer came: ${error.message}. Load the page again: an answer that was begun may be there.`;
    isAsking = false;
  }
}

talk?.addEventListener("submit", (event) => {
  const fields = new FormData(event.target, event.submitter);
  if (!fields.get("question")) return;
  event.preventDefault();
  if (isAsking) return;
  isAsking = true;
  ask(fields);
});
