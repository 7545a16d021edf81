// parfor run --lines-json -- node body.mjs
// Write your own work(): what it returns is the item's value, what it throws the item's error.
async function work(item) {
  return item.toUpperCase();
}

console.log = console.info = console.debug = console.error; // what anybody logs is not an answer
let rest = "";
for await (const chunk of process.stdin.setEncoding("utf8")) {
  rest += chunk;
  if (!chunk.includes("\n")) continue;
  const lines = rest.split("\n"); // node:readline would end a line at \r and U+2028 too
  rest = lines.pop();
  for (const line of lines) {
    const { id, item } = JSON.parse(line);
    let answer;
    try {
      answer = JSON.stringify({ id, value: (await work(item)) ?? null });
    } catch (e) {
      answer = JSON.stringify({ id, error: String(e) });
    }
    process.stdout.write(answer + "\n");
  }
}
