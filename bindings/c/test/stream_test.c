/* Streams in both directions, blocking and by callbacks, at both ends. */
#include "bindings/c/test/check.h"

enum { kChat = 1, kCount = 2, kDeaf = 3, kCall = 4 };

/* ---- Chat: says each item back, all by callbacks, and at the end how many there were. */

typedef struct Chat {
  jf_request* request;
  jf_stream* stream;
  int items, ended;
} Chat;
static Chat chat;

static void ReadNext(void* user, int status, jf_message* item);
static void Written(void* user, int status, jf_message* none) {
  Chat* c = user;
  EXPECT(status == JF_OK && none == NULL);
  EXPECT_OK(jf_stream_read_async(c->stream, ReadNext, c));
}
static void ReadNext(void* user, int status, jf_message* item) {
  Chat* c = user;
  if (item == NULL) {
    ++c->ended;
    if (status != JF_OK) return; /* its caller has gone: held still, and ends with the port */
    char text[16];
    const int length = snprintf(text, sizeof text, "%d", c->items);
    EXPECT_OK(jf_reply(c->request, text, (size_t)length));
    return;
  }
  size_t bytes;
  const void* data = jf_message_data(item, &bytes);
  ++c->items;
  EXPECT_OK(jf_stream_write_async(c->stream, data, bytes, Written, c));
  EXPECT_OK(jf_message_free(item));
}
static void OnChat(void* user, jf_request* request) {
  Chat* c = user;
  c->request = request;
  c->items = c->ended = 0;
  jf_request_info info = {.size = sizeof info};
  EXPECT_OK(jf_request_facts(request, &info));
  EXPECT(info.is_stream == 1 && info.one_way == 0);
  EXPECT_OK(jf_hold(request));
  EXPECT_OK(jf_request_stream(request, &c->stream));
  EXPECT_OK(jf_stream_read_async(c->stream, ReadNext, c));
  EXPECT_REFUSED(jf_stream_read_async(c->stream, ReadNext, c), JF_REASON_MISUSE, "under way");
}

/* ---- Count: writes without waiting for as long as there is room. */

static int counted;
static void OnCount(void* user, jf_request* request) {
  (void)user;
  jf_stream* stream;
  EXPECT_OK(jf_request_stream(request, &stream));
  counted = 0;
  while (counted < 100000 && jf_stream_write(stream, &counted, sizeof counted, 0) == JF_OK)
    ++counted;
  EXPECT_REFUSED(jf_stream_write(stream, "x", 1, 0), JF_REASON_BACK_PRESSURE, "");
  jf_message* item;
  EXPECT_REFUSED(jf_stream_read(stream, &item), JF_REASON_MISUSE, "");
  EXPECT_OK(jf_reply(request, "done", 4));
}

static void OnDeaf(void* user, jf_request* request) { /* never reads, never answers */
  (void)user;
  EXPECT_OK(jf_hold(request));
}
static void OnCall(void* user, jf_request* request) {
  (void)user;
  jf_stream* stream;
  EXPECT_REFUSED(jf_request_stream(request, &stream), JF_REASON_MISUSE, "stream");
  EXPECT_OK(jf_reply(request, "", 0));
}

static World OpenServed(void) {
  World world = Open();
  EXPECT_OK(jf_handle(world.port, kChat, OnChat, &chat));
  EXPECT_OK(jf_handle(world.port, kCount, OnCount, NULL));
  EXPECT_OK(jf_handle(world.port, kDeaf, OnDeaf, NULL));
  EXPECT_OK(jf_handle(world.port, kCall, OnCall, NULL));
  return world;
}

static void ItemsGoBothWaysInOrder(void) {
  World world = OpenServed();
  jf_stream* stream = NULL;
  jf_message* item = NULL;
  EXPECT_OK(jf_stream_open(world.channel, kChat, "", 0, NULL, &stream));
  for (int i = 0; i < 500; ++i) {
    char text[16];
    const int length = snprintf(text, sizeof text, "item %d", i);
    EXPECT_OK(jf_stream_write(stream, text, (size_t)length, 1));
    EXPECT_OK(jf_stream_read(stream, &item));
    EXPECT(Says(item, text));
    EXPECT_OK(jf_message_free(item));
  }
  EXPECT_OK(jf_stream_end(stream));
  EXPECT_OK(jf_stream_read(stream, &item));
  EXPECT(item == NULL);
  jf_message* reply = NULL;
  EXPECT_OK(jf_stream_finish(stream, &reply));
  EXPECT(Says(reply, "500"));
  EXPECT_OK(jf_message_free(reply));
  EXPECT_REFUSED(jf_stream_finish(stream, &reply), JF_REASON_MISUSE, "taken before");
  EXPECT_OK(jf_stream_close(stream));
  Close(&world);
}

static void SlowReaderRefusesAWriteThatDoesNotWait(void) {
  World world = OpenServed();
  jf_stream* stream = NULL;
  jf_message* item = NULL;
  EXPECT_OK(jf_stream_open(world.channel, kCount, "", 0, NULL, &stream));
  int came = 0, status;
  while ((status = jf_stream_read(stream, &item)) == JF_OK && item != NULL) {
    size_t bytes;
    EXPECT(memcmp(jf_message_data(item, &bytes), &came, sizeof came) == 0);
    ++came;
    EXPECT_OK(jf_message_free(item));
  }
  EXPECT(status == JF_OK && came == counted && came > 0);
  EXPECT_OK(jf_stream_finish(stream, &item));
  EXPECT(Says(item, "done"));
  EXPECT_OK(jf_stream_close(stream));
  Close(&world);
}

static void EndOfAReadSaysWhyTheCallIsOver(void) {
  World world = OpenServed();
  const jf_call_options options = {.size = sizeof options, .timeout_us = 20000};
  jf_stream* stream = NULL;
  jf_message* item = NULL;
  EXPECT_OK(jf_stream_open(world.channel, kDeaf, "", 0, &options, &stream));
  EXPECT(jf_stream_read(stream, &item) == JF_DEADLINE_EXCEEDED);
  EXPECT(jf_error()->outcome == JF_OUTCOME_IN_DOUBT && item == NULL);
  EXPECT(jf_stream_finish(stream, &item) == JF_DEADLINE_EXCEEDED);
  EXPECT_OK(jf_stream_close(stream));
  Close(&world);
}

typedef struct Heard {
  int calls, status;
} Heard;
static void OnHeard(void* user, int status, jf_message* message) {
  Heard* heard = user;
  ++heard->calls;
  heard->status = status;
  EXPECT_OK(jf_message_free(message));
}

static void CallbacksHearOfTheCloseOnce(void) {
  World world = OpenServed();
  jf_stream* stream = NULL;
  Heard read = {0, 0}, finish = {0, 0}, write = {0, 0};
  EXPECT_OK(jf_stream_open(world.channel, kDeaf, "", 0, NULL, &stream));
  EXPECT_OK(jf_stream_read_async(stream, OnHeard, &read));
  EXPECT_OK(jf_stream_finish_async(stream, OnHeard, &finish));
  int happened = 1;
  while (jf_stream_write(stream, "x", 1, 0) == JF_OK || happened)
    EXPECT_OK(jf_turn(world.node, 10000, &happened)); /* until none fits */
  EXPECT_OK(jf_stream_write_async(stream, "x", 1, OnHeard, &write));
  EXPECT_OK(jf_turn(world.node, 0, NULL));
  EXPECT_OK(jf_stream_close(stream));
  EXPECT(read.calls == 0 && finish.calls == 0 && write.calls == 0);
  while (read.calls == 0 || finish.calls == 0 || write.calls == 0)
    EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(read.status == JF_CANCELLED && finish.status == JF_CANCELLED && write.status != JF_OK);
  EXPECT_REFUSED(jf_stream_close(stream), JF_REASON_MISUSE, "closed before");
  Close(&world);
  EXPECT(read.calls == 1 && finish.calls == 1 && write.calls == 1);
}

static void ServerHearsThatItsCallerHasGone(void) {
  World world = OpenServed();
  jf_stream* stream = NULL;
  EXPECT_OK(jf_stream_open(world.channel, kChat, "", 0, NULL, &stream));
  chat.request = NULL;
  while (chat.request == NULL) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT_OK(jf_stream_close(stream));
  while (chat.ended == 0) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  jf_request_info info = {.size = sizeof info};
  EXPECT_OK(jf_request_facts(chat.request, &info));
  EXPECT(info.cancelled == 1);
  jf_reply(chat.request, "", 0); /* goes nowhere */
  Close(&world);
}

static void StreamsAreClosedWithTheirChannel(void) {
  World world = OpenServed();
  jf_stream* stream = NULL;
  jf_message* item = NULL;
  EXPECT_OK(jf_stream_open(world.channel, kDeaf, "", 0, NULL, &stream));
  EXPECT_OK(jf_channel_close(world.channel, 0, NULL));
  EXPECT_REFUSED(jf_stream_read(stream, &item), JF_REASON_MISUSE, "closed before");
  Close(&world);
}

static void PlainCallHasNoStream(void) {
  World world = OpenServed();
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(world.channel, kCall, "", 0, NULL, &reply));
  Close(&world);
}

int main(void) {
  ItemsGoBothWaysInOrder();
  SlowReaderRefusesAWriteThatDoesNotWait();
  EndOfAReadSaysWhyTheCallIsOver();
  CallbacksHearOfTheCloseOnce();
  ServerHearsThatItsCallerHasGone();
  StreamsAreClosedWithTheirChannel();
  PlainCallHasNoStream();
  return failures != 0;
}
