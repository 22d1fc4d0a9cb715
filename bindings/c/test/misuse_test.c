/* What a program does wrong is refused, with a sentence that says what it was. */
#include <pthread.h>
#include <stdlib.h>

#include "bindings/c/test/check.h"

enum { kInside = 1, kEcho = 2 };

static void NullIsRefused(void) {
  jf_node* node = NULL;
  jf_channel* channel = NULL;
  jf_port* port = NULL;
  jf_message* message = NULL;
  jf_stream* stream = NULL;
  int number;
  int64_t time_us;
  EXPECT_REFUSED(jf_node_open(NULL, NULL, &node), JF_REASON_MISUSE, "no name");
  EXPECT_REFUSED(jf_node_open("x", NULL, NULL), JF_REASON_MISUSE, "no place");
  EXPECT_REFUSED(jf_run(NULL), JF_REASON_MISUSE, "jf_run: its node is NULL");
  EXPECT_REFUSED(jf_stop(NULL), JF_REASON_MISUSE, "its node is NULL");
  EXPECT_REFUSED(jf_turn(NULL, 0, NULL), JF_REASON_MISUSE, "its node is NULL");
  EXPECT_REFUSED(jf_fd(NULL, &number), JF_REASON_MISUSE, "its node is NULL");
  EXPECT_REFUSED(jf_prepare(NULL, &time_us), JF_REASON_MISUSE, "its node is NULL");
  EXPECT_REFUSED(jf_post(NULL, NULL, NULL), JF_REASON_MISUSE, "call back");
  EXPECT_REFUSED(jf_channel_open(NULL, "unix:@x", NULL, &channel), JF_REASON_MISUSE, "node");
  EXPECT_REFUSED(jf_channel_wait(NULL), JF_REASON_MISUSE, "its channel is NULL");
  EXPECT_REFUSED(jf_call(NULL, 1, "", 0, NULL, &message), JF_REASON_MISUSE, "its channel is NULL");
  EXPECT_REFUSED(jf_call_async(NULL, 1, "", 0, NULL, NULL, NULL, NULL), JF_REASON_MISUSE,
                 "channel");
  EXPECT_REFUSED(jf_cancel(NULL), JF_REASON_MISUSE, "its call is NULL");
  EXPECT_REFUSED(jf_send(NULL, 1, "", 0, NULL), JF_REASON_MISUSE, "its channel is NULL");
  EXPECT_REFUSED(jf_stream_open(NULL, 1, "", 0, NULL, &stream), JF_REASON_MISUSE, "channel");
  EXPECT_REFUSED(jf_stream_read(NULL, &message), JF_REASON_MISUSE, "its stream is NULL");
  EXPECT_REFUSED(jf_stream_write(NULL, "", 0, 1), JF_REASON_MISUSE, "its stream is NULL");
  EXPECT_REFUSED(jf_stream_end(NULL), JF_REASON_MISUSE, "its stream is NULL");
  EXPECT_REFUSED(jf_port_open(NULL, NULL, 0, NULL, &port), JF_REASON_MISUSE, "its node is NULL");
  EXPECT_REFUSED(jf_handle(NULL, 1, NULL, NULL), JF_REASON_MISUSE, "its port is NULL");
  EXPECT_REFUSED(jf_port_drain(NULL, &number), JF_REASON_MISUSE, "its port is NULL");
  EXPECT_REFUSED(jf_reply(NULL, "", 0), JF_REASON_MISUSE, "its request is NULL");
  EXPECT_REFUSED(jf_fail(NULL, 5, ""), JF_REASON_MISUSE, "its request is NULL");
  EXPECT_REFUSED(jf_hold(NULL), JF_REASON_MISUSE, "its request is NULL");
  EXPECT_REFUSED(jf_service_ready(NULL), JF_REASON_MISUSE, "its service is NULL");
  EXPECT(jf_message_data(NULL, NULL) == NULL);
  EXPECT(jf_message_fd(NULL, 0) == -1);
  EXPECT(jf_request_message(NULL) == NULL);
  EXPECT(jf_port_address(NULL, 0) == NULL);
  EXPECT(jf_type(NULL) == 0);
  /* What closes takes it. */
  EXPECT_OK(jf_node_close(NULL));
  EXPECT_OK(jf_channel_close(NULL, 0, NULL));
  EXPECT_OK(jf_stream_close(NULL));
  EXPECT_OK(jf_port_close(NULL, 0));
  EXPECT_OK(jf_message_free(NULL));
}

static void NullInAnArgumentIsRefused(void) {
  World world = Open();
  jf_message* message = NULL;
  jf_channel* channel = NULL;
  jf_port* port = NULL;
  const char* const addresses[] = {"unix:", NULL};
  EXPECT_REFUSED(jf_call(world.channel, 1, NULL, 5, NULL, &message), JF_REASON_MISUSE, "5 bytes");
  EXPECT_REFUSED(jf_call(world.channel, 1, "", 0, NULL, NULL), JF_REASON_MISUSE, "no place");
  EXPECT_REFUSED(jf_call_async(world.channel, 1, "", 0, NULL, NULL, NULL, NULL), JF_REASON_MISUSE,
                 "call back");
  EXPECT_REFUSED(jf_channel_open(world.node, NULL, NULL, &channel), JF_REASON_MISUSE, "address");
  EXPECT_REFUSED(jf_port_open(world.node, addresses, 2, NULL, &port), JF_REASON_MISUSE,
                 "address 1 is NULL");
  EXPECT_REFUSED(jf_port_open(world.node, addresses, 0, NULL, &port), JF_REASON_MISUSE,
                 "no address");
  EXPECT_REFUSED(jf_handle(world.port, 1, NULL, NULL), JF_REASON_MISUSE, "call back");
  EXPECT_REFUSED(jf_prepare(world.node, NULL), JF_REASON_MISUSE, "no place");
  Close(&world);
}

static void StructOfAWrongSizeIsRefused(void) {
  World world = Open();
  jf_message* message = NULL;
  jf_call_options options = {.size = 0};
  EXPECT_REFUSED(jf_call(world.channel, 1, "", 0, &options, &message), JF_REASON_MISUSE,
                 "set .size");
  jf_receipt receipt = {.size = 4};
  EXPECT_REFUSED(jf_channel_close(world.channel, 0, &receipt), JF_REASON_MISUSE, "set .size");
  struct {
    jf_call_options known;
    uint64_t later;
  } newer = {.known = {.size = sizeof newer}, .later = 0};
  EXPECT(jf_call(world.channel, 77, "", 0, &newer.known, &message) == JF_UNIMPLEMENTED);
  newer.later = 1;
  EXPECT_REFUSED(jf_call(world.channel, 77, "", 0, &newer.known, &message), JF_REASON_MISUSE,
                 "too old");
  Close(&world);
}

static void NumberOutOfItsRangeIsRefused(void) {
  World world = Open();
  jf_message* message = NULL;
  jf_channel* channel = NULL;
  const jf_call_options priority = {.size = sizeof priority, .priority = 5};
  const jf_channel_options time = {.size = sizeof time, .timeout_us = -1};
  EXPECT_REFUSED(jf_call(world.channel, 1, "", 0, &priority, &message), JF_REASON_MISUSE,
                 "priority 5");
  EXPECT_REFUSED(jf_channel_open(world.node, "unix:@x", &time, &channel), JF_REASON_MISUSE,
                 "less than 0");
  EXPECT_REFUSED(jf_turn(world.node, -2, NULL), JF_REASON_MISUSE, "JF_FOREVER");
  EXPECT(jf_channel_open(world.node, "nosuch:x", NULL, &channel) == JF_INVALID_ARGUMENT);
  EXPECT(channel == NULL);
  Close(&world);
}

static void SecondCloseIsRefused(void) {
  World world = Open();
  EXPECT_OK(jf_channel_close(world.channel, 0, NULL));
  EXPECT_REFUSED(jf_channel_close(world.channel, 0, NULL), JF_REASON_MISUSE, "closed before");
  EXPECT_OK(jf_port_close(world.port, 0));
  EXPECT_REFUSED(jf_port_close(world.port, 0), JF_REASON_MISUSE, "closed before");
  EXPECT_OK(jf_node_close(world.node));
  EXPECT_REFUSED(jf_node_close(world.node), JF_REASON_MISUSE, "closed before");
  EXPECT_REFUSED(jf_turn(world.node, 0, NULL), JF_REASON_MISUSE, "closed before");
}

static void HandleOfAnotherKindIsRefused(void) {
  World world = Open();
  EXPECT_REFUSED(jf_node_close((jf_node*)(void*)world.channel), JF_REASON_MISUSE,
                 "as a node is a channel");
  EXPECT_REFUSED(jf_port_close((jf_port*)(void*)world.node, 0), JF_REASON_MISUSE,
                 "as a port is a node");
  Close(&world);
}

static void* UseElsewhere(void* user) {
  World* world = user;
  jf_message* message = NULL;
  jf_channel* channel = NULL;
  EXPECT_REFUSED(jf_call(world->channel, kEcho, "", 0, NULL, &message), JF_REASON_MISUSE, "thread");
  EXPECT_REFUSED(jf_channel_open(world->node, "unix:@x", NULL, &channel), JF_REASON_MISUSE,
                 "thread");
  EXPECT_REFUSED(jf_turn(world->node, 0, NULL), JF_REASON_MISUSE, "thread");
  EXPECT_REFUSED(jf_channel_close(world->channel, 0, NULL), JF_REASON_MISUSE, "thread");
  EXPECT_REFUSED(jf_node_close(world->node), JF_REASON_MISUSE, "thread");
  EXPECT(jf_port_address(world->port, 0) == NULL);
  return NULL;
}

static void AnotherThreadIsRefused(void) {
  World world = Open();
  pthread_t thread;
  EXPECT(pthread_create(&thread, NULL, UseElsewhere, &world) == 0);
  EXPECT(pthread_join(thread, NULL) == 0);
  Close(&world);
}

/* ---- Inside a handler. */

static World inside;
static jf_request* kept;

static void OnInside(void* user, jf_request* request) {
  (void)user;
  kept = request;
  jf_message* message = NULL;
  jf_port* port = NULL;
  int64_t time_us;
  const char* const addresses[] = {"unix:"};
  EXPECT_REFUSED(jf_call(inside.channel, kEcho, "", 0, NULL, &message), JF_REASON_MISUSE, "");
  EXPECT_REFUSED(jf_turn(inside.node, 0, NULL), JF_REASON_MISUSE, "inside a callback");
  EXPECT_REFUSED(jf_run(inside.node), JF_REASON_MISUSE, "inside a callback");
  EXPECT_REFUSED(jf_prepare(inside.node, &time_us), JF_REASON_MISUSE, "inside a callback");
  EXPECT_REFUSED(jf_node_close(inside.node), JF_REASON_MISUSE, "inside a callback");
  EXPECT_REFUSED(jf_channel_wait(inside.channel), JF_REASON_MISUSE, "inside a callback");
  EXPECT_REFUSED(jf_port_open(inside.node, addresses, 1, NULL, &port), JF_REASON_MISUSE,
                 "inside a callback");
  EXPECT_REFUSED(jf_handle(inside.port, 9, OnInside, NULL), JF_REASON_MISUSE, "inside a callback");
  EXPECT_REFUSED(jf_message_free(jf_request_message(request)), JF_REASON_MISUSE, "its request's");
  EXPECT_REFUSED(jf_fail(request, 0, "no"), JF_REASON_MISUSE, "code 0");
  EXPECT_REFUSED(jf_fail(request, 17, "no"), JF_REASON_MISUSE, "code 17");
  EXPECT_OK(jf_reply(request, "", 0));
  EXPECT_REFUSED(jf_reply(request, "", 0), JF_REASON_MISUSE, "answered");
  EXPECT_REFUSED(jf_hold(request), JF_REASON_MISUSE, "answered");
}

static void WhatWaitsIsRefusedInsideAHandler(void) {
  inside = Open();
  jf_message* reply = NULL;
  EXPECT_OK(jf_handle(inside.port, kInside, OnInside, NULL));
  EXPECT_REFUSED(jf_handle(inside.port, kInside, OnInside, NULL), JF_REASON_MISUSE,
                 "has a handler");
  EXPECT_OK(jf_call(inside.channel, kInside, "", 0, NULL, &reply));
  EXPECT_REFUSED(jf_reply(kept, "", 0), JF_REASON_MISUSE, "the request has ended");
  EXPECT(jf_request_message(kept) == NULL);
  EXPECT_OK(jf_message_free(reply));
  EXPECT_REFUSED(jf_message_free(reply), JF_REASON_MISUSE, "closed before");
  Close(&inside);
}

/* ---- A handler closes what it stands on. */

static void OnClose(void* user, jf_request* request) {
  (void)user;
  EXPECT_OK(jf_reply(request, "", 0));
  EXPECT_OK(jf_channel_close(inside.channel, 0, NULL));
  EXPECT_OK(jf_port_close(inside.port, 0));
}
static int ended = 0;
static void OnAnswer(void* user, int status, jf_message* message) {
  (void)user;
  (void)status;
  ++ended;
  EXPECT_OK(jf_message_free(message));
}

static void HandlerMayCloseItsPortAndItsChannel(void) {
  inside = Open();
  EXPECT_OK(jf_handle(inside.port, kInside, OnClose, NULL));
  EXPECT_OK(jf_call_async(inside.channel, kInside, "", 0, NULL, OnAnswer, NULL, NULL));
  while (ended == 0) EXPECT_OK(jf_turn(inside.node, JF_FOREVER, NULL));
  EXPECT_REFUSED(jf_port_close(inside.port, 0), JF_REASON_MISUSE, "closed before");
  Close(&inside);
}

/* ---- A handler closes what somebody waits for, further up the stack. */

static jf_stream* read_from;

static void OnCloseChannel(void* user, jf_request* request) {
  (void)user;
  EXPECT_OK(jf_channel_close(inside.channel, 0, NULL));
  EXPECT_OK(jf_hold(request));
}
static void OnCloseStream(void* user, jf_request* request) {
  (void)user;
  EXPECT_REFUSED(jf_stream_close(read_from), JF_REASON_MISUSE, "further up the stack");
  EXPECT_REFUSED(jf_channel_close(inside.channel, 0, NULL), JF_REASON_MISUSE,
                 "further up the stack");
  EXPECT_OK(jf_reply(request, "", 0));
}
static void OnClosePort(void* user, jf_request* request) {
  (void)user;
  EXPECT_REFUSED(jf_port_close(inside.port, 0), JF_REASON_MISUSE, "closed before");
  EXPECT_OK(jf_reply(request, "", 0));
  ++ended;
}
static jf_stream* served_stream;
static jf_request* served_request;
static void OnServeStream(void* user, jf_request* request) {
  (void)user;
  served_request = request;
  EXPECT_OK(jf_hold(request));
  EXPECT_OK(jf_request_stream(request, &served_stream));
}
static void OnPostDuringRead(void* user) {
  (void)user;
  EXPECT_REFUSED(jf_reply(served_request, "", 0), JF_REASON_MISUSE, "further up the stack");
  EXPECT_REFUSED(jf_fail(served_request, 5, ""), JF_REASON_MISUSE, "further up the stack");
  EXPECT_REFUSED(jf_port_close(inside.port, 0), JF_REASON_MISUSE, "further up the stack");
  EXPECT_OK(jf_stream_end(read_from));
}

static void CallThatBlocksEndsWithItsChannel(void) {
  inside = Open();
  jf_message* reply = NULL;
  EXPECT_OK(jf_handle(inside.port, kInside, OnCloseChannel, NULL));
  EXPECT(jf_call(inside.channel, kInside, "", 0, NULL, &reply) == JF_UNAVAILABLE);
  EXPECT(jf_error()->outcome == JF_OUTCOME_IN_DOUBT && jf_error()->reason == JF_REASON_CLOSED);
  EXPECT_REFUSED(jf_channel_close(inside.channel, 0, NULL), JF_REASON_MISUSE, "closed before");
  Close(&inside);
}

static void StreamThatBlocksIsNotClosed(void) {
  inside = Open();
  jf_message* item = NULL;
  EXPECT_OK(jf_handle(inside.port, kInside, OnCloseStream, NULL));
  EXPECT_OK(jf_stream_open(inside.channel, kInside, "", 0, NULL, &read_from));
  EXPECT_OK(jf_stream_read(read_from, &item));
  EXPECT(item == NULL);
  EXPECT_OK(jf_stream_close(read_from));
  Close(&inside);
}

static void RequestWhoseStreamBlocksIsNotAnswered(void) {
  inside = Open();
  jf_message* item = NULL;
  EXPECT_OK(jf_handle(inside.port, kInside, OnServeStream, NULL));
  EXPECT_OK(jf_stream_open(inside.channel, kInside, "", 0, NULL, &read_from));
  served_stream = NULL;
  while (served_stream == NULL) EXPECT_OK(jf_turn(inside.node, JF_FOREVER, NULL));
  EXPECT_OK(jf_post(inside.node, OnPostDuringRead, NULL));
  EXPECT_OK(jf_stream_read(served_stream, &item));
  EXPECT(item == NULL);
  EXPECT_OK(jf_reply(served_request, "", 0));
  EXPECT_OK(jf_port_close(inside.port, 0));
  Close(&inside);
}

static void PortThatClosesIsNotClosedAgain(void) {
  inside = Open();
  ended = 0;
  EXPECT_OK(jf_handle(inside.port, kInside, OnClosePort, NULL));
  EXPECT_OK(jf_channel_wait(inside.channel));
  EXPECT_OK(jf_send(inside.channel, kEcho, "", 0, NULL));
  EXPECT_OK(jf_call_async(inside.channel, kInside, "", 0, NULL, OnAnswer, NULL, NULL));
  EXPECT_OK(jf_port_close(inside.port, 5000000));
  EXPECT(ended >= 1);
  Close(&inside);
}

static void ErrorIsTheThreadsOwn(void) {
  EXPECT(jf_run(NULL) == JF_INVALID_ARGUMENT);
  EXPECT(jf_error()->size == sizeof(jf_error_info));
  EXPECT(jf_error()->code == JF_INVALID_ARGUMENT);
  EXPECT(strcmp(jf_error()->outcome_name, "REFUSED") == 0);
  EXPECT(strcmp(jf_error()->reason_name, "misuse") == 0);
  EXPECT(jf_abi() == JF_ABI);
}

int main(void) {
  NullIsRefused();
  NullInAnArgumentIsRefused();
  StructOfAWrongSizeIsRefused();
  NumberOutOfItsRangeIsRefused();
  SecondCloseIsRefused();
  HandleOfAnotherKindIsRefused();
  AnotherThreadIsRefused();
  WhatWaitsIsRefusedInsideAHandler();
  HandlerMayCloseItsPortAndItsChannel();
  CallThatBlocksEndsWithItsChannel();
  StreamThatBlocksIsNotClosed();
  RequestWhoseStreamBlocksIsNotAnswered();
  PortThatClosesIsNotClosedAgain();
  ErrorIsTheThreadsOwn();
  return failures != 0;
}
