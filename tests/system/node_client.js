// Debian's Redis client for Node.js holds a seat: node_client.js PORT ID. Prints what each command answered.
const { createClient } = require("redis");

async function main([port, id]) {
  const client = createClient({ socket: { host: "127.0.0.1", port: Number(port) }, name: "licet-test" });
  client.on("error", (error) => { console.error(String(error)); process.exit(1); });
  await client.connect();
  const answers = [
    await client.ping(),
    await client.sendCommand(["CHECKOUT", "cad_pro", id, "USER", "node"]),
    await client.sendCommand(["RENEW", id]),
    await client.sendCommand(["CHECKIN", id]),
    await client.sendCommand(["CHECKOUT", "no_such_feature", "0".repeat(32)]).catch((error) => error.message),
  ];
  // 200 commands without waiting for a reply: they come back in order.
  const texts = await Promise.all(Array.from({ length: 200 }, (_, i) => client.sendCommand(["ECHO", String(i)])));
  answers.push(texts.every((text, i) => text === String(i)));
  console.log(JSON.stringify(answers));
  await client.quit();
}

main(process.argv.slice(2));
