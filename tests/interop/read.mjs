// An independent client: print as JSON what the bot has published at one relay.
// Usage: node read.mjs RELAY BOT_PUBKEY
import { verifyEvent } from "nostr-tools/pure";
import { Relay, useWebSocketImplementation } from "nostr-tools/relay";
import * as nip19 from "nostr-tools/nip19";
import WebSocket from "ws";

useWebSocketImplementation(WebSocket);
const [url, bot] = process.argv.slice(2);
setTimeout(() => {
  console.error("the relay didn't answer whole within 15 s");
  process.exit(1);
}, 15_000);

const relay = await Relay.connect(url);
const events = [];
relay.subscribe([{ kinds: [0, 1, 10002, 31923], authors: [bot] }], {
  onevent: (event) => events.push(event),
  oneose() {
    const names = events
      .filter((event) => event.kind === 1)
      .flatMap((event) => event.content.match(/(?<=nostr:)naddr1[a-z0-9]+/g) ?? []);
    console.log(
      JSON.stringify({
        verified: events.every((event) => verifyEvent(event)),
        events,
        addresses: names.map((name) => nip19.decode(name).data),
      }),
    );
    relay.close();
    process.exit(0);
  },
});
