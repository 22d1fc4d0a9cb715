/* Requests, from the server's end; and schemas. */
#include <stdlib.h>
#include <unistd.h>

#include "bindings/c/test/check.h"

enum { kFacts = 1, kForgets = 2, kLater = 3, kLarge = 4, kOneWay = 5, kHeldOneWay = 6 };

typedef struct Seen {
  jf_request_info info;
  jf_request* held;
  int one_way, cancelled;
  char peer[64];
} Seen;
static Seen seen;

static void OnFacts(void* user, jf_request* request) {
  (void)user;
  seen.info.size = sizeof seen.info;
  EXPECT_OK(jf_request_facts(request, &seen.info));
  snprintf(seen.peer, sizeof seen.peer, "%s", seen.info.peer);
  EXPECT_OK(jf_reply(request, "", 0));
}
static void OnForgets(void* user, jf_request* request) {
  (void)user;
  (void)request;
}
static void OnCancel(void* user) {
  (void)user;
  ++seen.cancelled;
}
static void OnLater(void* user, jf_request* request) {
  (void)user;
  EXPECT_OK(jf_hold(request));
  EXPECT_OK(jf_hold(request)); /* again: as it is */
  EXPECT_OK(jf_request_on_cancel(request, OnCancel, NULL));
  seen.held = request;
}
static void OnLarge(void* user, jf_request* request) {
  (void)user;
  static char large[17 << 20];
  EXPECT_REFUSED(jf_reply(request, large, sizeof large), JF_REASON_TOO_LARGE, "");
  EXPECT_OK(jf_reply(request, "small", 5));
}
static void OnOneWay(void* user, jf_request* request) {
  (void)user;
  EXPECT_REFUSED(jf_hold(request), JF_REASON_MISUSE, "no answer");
  EXPECT_REFUSED(jf_reply(request, "", 0), JF_REASON_MISUSE, "one-way");
  ++seen.one_way;
}

static World OpenServed(void) {
  World world = Open();
  memset(&seen, 0, sizeof seen);
  EXPECT_OK(jf_handle(world.port, kFacts, OnFacts, NULL));
  EXPECT_OK(jf_handle(world.port, kForgets, OnForgets, NULL));
  EXPECT_OK(jf_handle(world.port, kLater, OnLater, NULL));
  EXPECT_OK(jf_handle(world.port, kLarge, OnLarge, NULL));
  EXPECT_OK(jf_handle(world.port, kOneWay, OnOneWay, NULL));
  return world;
}

static void HandlerSeesWhoCallsAndHowLongTheyWait(void) {
  World world = OpenServed();
  const jf_call_options options = {
      .size = sizeof options, .timeout_us = 60000000, .priority = JF_PRIORITY_HIGH};
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(world.channel, kFacts, "", 0, &options, &reply));
  EXPECT(seen.info.type == kFacts && seen.info.one_way == 0 && seen.info.is_stream == 0);
  EXPECT(seen.info.priority == JF_PRIORITY_HIGH);
  EXPECT(seen.info.remaining_us > 0 && seen.info.remaining_us <= 60000000);
  EXPECT(seen.info.peer_known == 1 && seen.info.peer_uid == (uint32_t)getuid());
  EXPECT(strcmp(seen.peer, "test") == 0);
  Close(&world);
}

static void HandlerThatForgetsIsItsCallersInternalError(void) {
  World world = OpenServed();
  jf_message* reply = NULL;
  EXPECT(jf_call(world.channel, kForgets, "", 0, NULL, &reply) == JF_INTERNAL);
  Close(&world);
}

static void OnAnswer(void* user, int status, jf_message* message) {
  int* ended = user;
  *ended = status == JF_OK && Says(message, "at last") ? 1 : -1;
  jf_message_free(message);
}

static void HeldRequestIsAnsweredLater(void) {
  World world = OpenServed();
  int ended = 0;
  EXPECT_OK(jf_call_async(world.channel, kLater, "x", 1, NULL, OnAnswer, &ended, NULL));
  while (seen.held == NULL) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(Says(jf_request_message(seen.held), "x"));
  EXPECT_OK(jf_reply(seen.held, "at last", 7));
  EXPECT_REFUSED(jf_reply(seen.held, "again", 5), JF_REASON_MISUSE, "the request has ended");
  while (ended == 0) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(ended == 1 && seen.cancelled == 0);
  Close(&world);
}

static void HeldRequestHearsThatNobodyWaits(void) {
  World world = OpenServed();
  const jf_call_options options = {.size = sizeof options, .timeout_us = 10000};
  jf_message* reply = NULL;
  EXPECT(jf_call(world.channel, kLater, "", 0, &options, &reply) == JF_DEADLINE_EXCEEDED);
  while (seen.cancelled == 0) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  jf_request_info info = {.size = sizeof info};
  EXPECT_OK(jf_request_facts(seen.held, &info));
  EXPECT(info.cancelled == 1);
  Close(&world);
  EXPECT_REFUSED(jf_reply(seen.held, "", 0), JF_REASON_MISUSE, "the request has ended");
}

static void AnotherAnswerMayFitAfterOneThatWasTooLarge(void) {
  World world = OpenServed();
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(world.channel, kLarge, "", 0, NULL, &reply));
  EXPECT(Says(reply, "small"));
  Close(&world);
}

static void OneWayMessageTakesNoAnswer(void) {
  World world = OpenServed();
  jf_receipt receipt = {.size = sizeof receipt};
  EXPECT_OK(jf_send(world.channel, kOneWay, "", 0, NULL));
  EXPECT_OK(jf_channel_close(world.channel, 5000000, &receipt));
  EXPECT(seen.one_way == 1 && receipt.handled == 1);
  Close(&world);
}

static void PortRestsWhenWhatCameIsHandled(void) {
  World world = OpenServed();
  int ended = 0, rests = 1;
  EXPECT_OK(jf_call_async(world.channel, kLater, "x", 1, NULL, OnAnswer, &ended, NULL));
  while (seen.held == NULL) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT_OK(jf_port_drain(world.port, &rests));
  EXPECT(rests == 0);
  EXPECT_OK(jf_reply(seen.held, "at last", 7));
  while (!rests || ended == 0) {
    EXPECT_OK(jf_turn(world.node, 1000, NULL));
    EXPECT_OK(jf_port_drain(world.port, &rests));
  }
  EXPECT(ended == 1);
  Close(&world);
}

static char* ReadAll(const char* path, size_t* bytes) {
  FILE* file = fopen(path, "rb");
  EXPECT(file != NULL);
  if (file == NULL) return NULL;
  char* all = malloc(1 << 20);
  *bytes = fread(all, 1, 1 << 20, file);
  fclose(file);
  return all;
}

static void PortServesTheSchemaItWasGiven(const char* bfbs) {
  World world = OpenServed();
  size_t bytes = 0;
  char* schema = ReadAll(bfbs, &bytes);
  EXPECT_REFUSED(jf_port_schema(world.port, "greet.Greeter", "rubbish", 7), JF_REASON_MISUSE,
                 "schema");
  EXPECT_REFUSED(jf_port_schema(world.port, "greet.Greter", schema, bytes), JF_REASON_MISUSE,
                 "greet.Greeter");
  EXPECT_OK(jf_port_schema(world.port, "greet.Greeter", schema, bytes));
  EXPECT_REFUSED(jf_port_schema(world.port, "greet.Greeter", schema, bytes), JF_REASON_MISUSE,
                 "already");
  free(schema);
  /* An empty table: 8 bytes. */
  const unsigned char nothing[] = {8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0};
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(world.channel, jf_type("jackfield.sys.Schema/List"), nothing, sizeof nothing,
                    NULL, &reply));
  const char* data = jf_message_data(reply, &bytes);
  int found = 0;
  for (size_t i = 0; data != NULL && i + 13 <= bytes; ++i)
    found |= memcmp(data + i, "greet.Greeter", 13) == 0;
  EXPECT(found);
  Close(&world);
}

int main(int argc, char** argv) {
  HandlerSeesWhoCallsAndHowLongTheyWait();
  HandlerThatForgetsIsItsCallersInternalError();
  HeldRequestIsAnsweredLater();
  HeldRequestHearsThatNobodyWaits();
  AnotherAnswerMayFitAfterOneThatWasTooLarge();
  OneWayMessageTakesNoAnswer();
  PortRestsWhenWhatCameIsHandled();
  EXPECT(argc == 2);
  if (argc == 2) PortServesTheSchemaItWasGiven(argv[1]);
  return failures != 0;
}
