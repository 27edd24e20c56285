// An independent client: mention the bot over one relay and print the first reply as JSON.
// Usage: node mention.mjs RELAY BOT_PUBKEY TEXT [REPLY_TO_ID REPLY_TO_PUBKEY]
import { finalizeEvent, generateSecretKey, getPublicKey, verifyEvent } from "nostr-tools/pure";
import { Relay, useWebSocketImplementation } from "nostr-tools/relay";
import * as nip10 from "nostr-tools/nip10";
import * as nip19 from "nostr-tools/nip19";
import WebSocket from "ws";

useWebSocketImplementation(WebSocket);
const [url, bot, text, parentId, parentPubkey] = process.argv.slice(2);
const secret = generateSecretKey();
const tags = [["p", bot]];
if (parentId) tags.unshift(["e", parentId, url, "root", parentPubkey]);

const relay = await Relay.connect(url);
const mention = finalizeEvent(
  {
    kind: 1,
    created_at: Math.floor(Date.now() / 1000),
    tags,
    content: `nostr:${nip19.npubEncode(bot)} ${text}`,
  },
  secret,
);
const timer = setTimeout(() => {
  console.error("no reply within 15 s");
  process.exit(1);
}, 15_000);
relay.subscribe([{ kinds: [1], authors: [bot], "#e": [mention.id] }], {
  onevent(event) {
    const thread = nip10.parse(event);
    console.log(
      JSON.stringify({
        mention: mention.id,
        member: getPublicKey(secret),
        verified: verifyEvent(event),
        reply: event,
        root: thread.root?.id ?? null,
        parent: thread.reply?.id ?? null,
        profiles: thread.profiles.map((profile) => profile.pubkey),
      }),
    );
    clearTimeout(timer);
    relay.close();
    process.exit(0);
  },
});
await relay.publish(mention);
