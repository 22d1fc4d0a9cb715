/* Calls, one-way messages and descriptors, from the client's end. */
#include <unistd.h>

#include "bindings/c/test/check.h"

enum { kEcho = 1, kFail = 2, kSilent = 3, kHear = 4, kPass = 5 };

static int heard = 0;

static void Echo(void* user, jf_request* request) {
  (void)user;
  size_t bytes;
  const void* data = jf_message_data(jf_request_message(request), &bytes);
  EXPECT_OK(jf_reply(request, data, bytes));
}
static void Fail(void* user, jf_request* request) {
  (void)user;
  EXPECT_OK(jf_fail(request, JF_NOT_FOUND, "no such thing"));
}
static void Silent(void* user, jf_request* request) {
  (void)user;
  EXPECT_OK(jf_hold(request));
}
static void Hear(void* user, jf_request* request) {
  (void)user;
  (void)request;
  ++heard;
}
static void Pass(void* user, jf_request* request) { /* says into the pipe that came */
  (void)user;
  const int fd = jf_message_fd(jf_request_message(request), 0);
  EXPECT(fd >= 0);
  EXPECT(jf_message_fd(jf_request_message(request), 0) == -1);
  EXPECT(write(fd, "here", 4) == 4);
  close(fd);
  EXPECT_OK(jf_reply(request, NULL, 0));
}

static World OpenServed(void) {
  World world = Open();
  EXPECT_OK(jf_handle(world.port, kEcho, Echo, NULL));
  EXPECT_OK(jf_handle(world.port, kFail, Fail, NULL));
  EXPECT_OK(jf_handle(world.port, kSilent, Silent, NULL));
  EXPECT_OK(jf_handle(world.port, kHear, Hear, NULL));
  EXPECT_OK(jf_handle(world.port, kPass, Pass, NULL));
  return world;
}

static void CallIsAnswered(void) {
  World world = OpenServed();
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(world.channel, kEcho, "hello", 5, NULL, &reply));
  EXPECT(Says(reply, "hello"));
  EXPECT_OK(jf_message_free(reply));
  EXPECT_OK(jf_call(world.channel, kEcho, NULL, 0, NULL, &reply));
  size_t bytes = 9;
  EXPECT(jf_message_data(reply, &bytes) != NULL && bytes == 0);
  EXPECT_OK(jf_message_free(reply));
  Close(&world);
}

static void StatusOfTheHandlerIsAnAnswer(void) {
  World world = OpenServed();
  jf_message* reply = NULL;
  EXPECT(jf_call(world.channel, kFail, "", 0, NULL, &reply) == JF_NOT_FOUND);
  EXPECT(reply == NULL);
  EXPECT(jf_error()->code == JF_NOT_FOUND && jf_error()->outcome == JF_OUTCOME_ANSWERED);
  EXPECT(strcmp(jf_error()->text, "no such thing") == 0);
  Close(&world);
}

static void DeadlineLeavesTheCallInDoubt(void) {
  World world = OpenServed();
  const jf_call_options options = {.size = sizeof options, .timeout_us = 20000};
  jf_message* reply = NULL;
  EXPECT(jf_call(world.channel, kSilent, "", 0, &options, &reply) == JF_DEADLINE_EXCEEDED);
  EXPECT(jf_error()->outcome == JF_OUTCOME_IN_DOUBT);
  EXPECT(jf_error()->reason == JF_REASON_DEADLINE);
  EXPECT(strcmp(jf_error()->outcome_name, "IN_DOUBT") == 0);
  Close(&world);
}

static void UnknownMethodIsRefused(void) {
  World world = OpenServed();
  jf_message* reply = NULL;
  EXPECT_REFUSED(jf_call(world.channel, 77, "", 0, NULL, &reply), JF_REASON_UNKNOWN_METHOD, "77");
  Close(&world);
}

static void TooLargeIsRefused(void) {
  World world = OpenServed();
  static char large[17 << 20];
  jf_message* reply = NULL;
  EXPECT_REFUSED(jf_call(world.channel, kEcho, large, sizeof large, NULL, &reply),
                 JF_REASON_TOO_LARGE, "");
  Close(&world);
}

typedef struct Ended {
  int calls, status, outcome;
  jf_message* message;
} Ended;

static void OnAnswer(void* user, int status, jf_message* message) {
  Ended* ended = user;
  ++ended->calls;
  ended->status = status;
  ended->message = message;
  if (status != JF_OK) ended->outcome = jf_error()->outcome;
}

static void CallbackHearsTheAnswerInATurn(void) {
  World world = OpenServed();
  Ended ended = {0, -1, -1, NULL};
  EXPECT_OK(jf_call_async(world.channel, kEcho, "later", 5, NULL, OnAnswer, &ended, NULL));
  EXPECT(ended.calls == 0);
  while (ended.calls == 0) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(ended.status == JF_OK && Says(ended.message, "later"));
  EXPECT_OK(jf_message_free(ended.message));
  Close(&world);
}

static void CallbackIsCalledWhenTheNodeIsClosed(void) {
  World world = OpenServed();
  Ended ended = {0, -1, -1, NULL};
  EXPECT_OK(jf_call_async(world.channel, kSilent, "", 0, NULL, OnAnswer, &ended, NULL));
  Close(&world);
  EXPECT(ended.calls == 1 && ended.status == JF_CANCELLED && ended.message == NULL);
}

static int cancelled = 0;
static void OnCancel(void* user) {
  (void)user;
  ++cancelled;
}
static void Waits(void* user, jf_request* request) {
  (void)user;
  EXPECT_OK(jf_hold(request));
  EXPECT_OK(jf_request_on_cancel(request, OnCancel, NULL));
}

static void CancelledCallIsToldToBothEndsOnce(void) {
  World world = OpenServed();
  EXPECT_OK(jf_handle(world.port, 9, Waits, NULL));
  Ended ended = {0, -1, -1, NULL};
  jf_pending* pending = NULL;
  EXPECT_OK(jf_channel_wait(world.channel));
  EXPECT_OK(jf_call_async(world.channel, 9, "x", 1, NULL, OnAnswer, &ended, &pending));
  EXPECT_OK(jf_turn(world.node, 0, NULL));
  EXPECT_OK(jf_cancel(pending));
  EXPECT(ended.calls == 0);
  while (ended.calls == 0 || cancelled == 0) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(ended.status == JF_CANCELLED && ended.outcome == JF_OUTCOME_IN_DOUBT);
  EXPECT_REFUSED(jf_cancel(pending), JF_REASON_MISUSE, "has ended");
  Close(&world);
  EXPECT(ended.calls == 1 && cancelled == 1);
}

static void PendingCallIsAnsweredAndThenOver(void) {
  World world = OpenServed();
  Ended ended = {0, -1, -1, NULL};
  jf_pending* pending = NULL;
  EXPECT_OK(jf_call_async(world.channel, kEcho, "later", 5, NULL, OnAnswer, &ended, &pending));
  while (ended.calls == 0) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(ended.status == JF_OK && Says(ended.message, "later"));
  EXPECT_REFUSED(jf_cancel(pending), JF_REASON_MISUSE, "has ended");
  const jf_call_options passed = {.size = sizeof passed, .timeout_us = -1};
  EXPECT_REFUSED(jf_call_async(world.channel, kEcho, "", 0, &passed, OnAnswer, &ended, &pending),
                 JF_REASON_DEADLINE, "");
  Close(&world);
  EXPECT(ended.calls == 1);
}

/* More than calls_max: those without a handle are refused, those with one wait. */
static void PendingCallsWaitForRoom(void) {
  World world = OpenServed();
  const jf_channel_options one = {.size = sizeof one, .calls_max = 1};
  jf_channel* channel = NULL;
  Ended ended[3] = {{0, -1, -1, NULL}, {0, -1, -1, NULL}, {0, -1, -1, NULL}};
  jf_pending* pending[3];
  EXPECT_OK(jf_channel_open(world.node, jf_port_address(world.port, 0), &one, &channel));
  EXPECT_OK(jf_channel_wait(channel));
  for (int i = 0; i < 3; ++i)
    EXPECT_OK(jf_call_async(channel, kEcho, "x", 1, NULL, OnAnswer, &ended[i], &pending[i]));
  EXPECT_REFUSED(jf_call_async(channel, kEcho, "x", 1, NULL, OnAnswer, &ended[0], NULL),
                 JF_REASON_BACK_PRESSURE, "");
  EXPECT_OK(jf_cancel(pending[1]));
  while (ended[0].calls + ended[1].calls + ended[2].calls < 3)
    EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(ended[0].status == JF_OK && ended[2].status == JF_OK && ended[1].status == JF_CANCELLED);
  /* And hear of the end of the channel, and of the node. */
  for (int i = 0; i < 2; ++i)
    EXPECT_OK(jf_call_async(channel, kSilent, "", 0, NULL, OnAnswer, &ended[i], &pending[i]));
  EXPECT_OK(jf_call_async(world.channel, kSilent, "", 0, NULL, OnAnswer, &ended[2], &pending[2]));
  EXPECT_OK(jf_channel_close(channel, 0, NULL));
  while (ended[0].calls + ended[1].calls < 4) EXPECT_OK(jf_turn(world.node, JF_FOREVER, NULL));
  EXPECT(ended[0].status != JF_OK && ended[1].status != JF_OK);
  Close(&world);
  EXPECT(ended[2].calls == 2 && ended[2].status == JF_CANCELLED);
}

static void OneWayIsCountedInTheReceipt(void) {
  World world = OpenServed();
  const jf_call_options at_once = {.size = sizeof at_once, .no_wait = 1};
  heard = 0;
  for (int i = 0; i < 10; ++i) EXPECT_OK(jf_send(world.channel, kHear, "x", 1, NULL));
  EXPECT_OK(jf_send(world.channel, kHear, "x", 1, &at_once));
  jf_receipt receipt = {.size = sizeof receipt};
  EXPECT_OK(jf_channel_close(world.channel, 5000000, &receipt));
  EXPECT(heard == 11 && receipt.handled == 11 && receipt.in_doubt == 0);
  Close(&world);
}

static void OneWayWithoutRoomIsRefusedWhereItMayNotWait(void) {
  World world = OpenServed();
  const jf_call_options at_once = {.size = sizeof at_once, .no_wait = 1};
  int status = JF_OK;
  for (int i = 0; i < 100000 && status == JF_OK; ++i)
    status = jf_send(world.channel, kHear, "x", 1, &at_once);
  EXPECT_REFUSED(status, JF_REASON_BACK_PRESSURE, "");
  Close(&world);
}

static void DescriptorGoesAlong(void) {
  World world = OpenServed();
  const jf_channel_options passes = {.size = sizeof passes, .sends_fds = 1};
  jf_channel* channel = NULL;
  int ends[2];
  EXPECT(pipe(ends) == 0);
  EXPECT_OK(jf_channel_open(world.node, jf_port_address(world.port, 0), &passes, &channel));
  EXPECT_OK(jf_channel_wait(channel));
  const jf_call_options options = {.size = sizeof options, .fds = &ends[1], .fd_count = 1};
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(channel, kPass, "", 0, &options, &reply));
  char said[8] = "";
  EXPECT(read(ends[0], said, sizeof said) == 4 && strcmp(said, "here") == 0);
  close(ends[0]);
  EXPECT_OK(jf_message_free(reply));
  Close(&world);
}

static void MediumWithoutDescriptorsIsRefused(void) {
  World world = OpenServed();
  const jf_channel_options passes = {.size = sizeof passes, .sends_fds = 1};
  jf_channel* channel = NULL;
  EXPECT(jf_channel_open(world.node, "tcp://127.0.0.1:1", &passes, &channel) ==
         JF_FAILED_PRECONDITION);
  EXPECT(strstr(jf_error()->text, "fds") != NULL);
  EXPECT(channel == NULL);
  Close(&world);
}

static void ChannelSaysWhatItIs(void) {
  World world = OpenServed();
  char text[256], few[5];
  EXPECT_OK(jf_channel_wait(world.channel));
  const size_t needs = jf_channel_describe(world.channel, text, sizeof text);
  EXPECT(needs == strlen(text) && strstr(text, "unix:") != NULL);
  EXPECT(jf_channel_describe(world.channel, few, sizeof few) == needs && strlen(few) == 4);
  EXPECT(jf_channel_describe(NULL, text, sizeof text) == 0);
  Close(&world);
}

int main(void) {
  CallIsAnswered();
  StatusOfTheHandlerIsAnAnswer();
  DeadlineLeavesTheCallInDoubt();
  UnknownMethodIsRefused();
  TooLargeIsRefused();
  CallbackHearsTheAnswerInATurn();
  CallbackIsCalledWhenTheNodeIsClosed();
  CancelledCallIsToldToBothEndsOnce();
  PendingCallIsAnsweredAndThenOver();
  PendingCallsWaitForRoom();
  OneWayIsCountedInTheReceipt();
  OneWayWithoutRoomIsRefusedWhereItMayNotWait();
  DescriptorGoesAlong();
  MediumWithoutDescriptorsIsRefused();
  ChannelSaysWhatItIs();
  return failures != 0;
}
