/* Turns, other threads and loops of others. */
#include <poll.h>
#include <pthread.h>

#include "bindings/c/test/check.h"

enum { kEcho = 1, kSlow = 2 };

static void Echo(void* user, jf_request* request) {
  (void)user;
  size_t bytes;
  const void* data = jf_message_data(jf_request_message(request), &bytes);
  EXPECT_OK(jf_reply(request, data, bytes));
}

/* ---- A handler that blocks: a thread works for it, and gives back what came of it. */

typedef struct Work {
  jf_node* node;
  jf_request* request;
  pthread_t thread;
  int refused; /* by the other thread */
} Work;

static void GiveBack(void* user) {
  Work* work = user;
  EXPECT_OK(jf_reply(work->request, "worked", 6));
}
static void* WorkInAThread(void* user) {
  Work* work = user;
  work->refused = jf_reply(work->request, "early", 5) == JF_FAILED_PRECONDITION &&
                  jf_error()->reason == JF_REASON_MISUSE;
  if (jf_post(work->node, GiveBack, work) != JF_OK) work->refused = -1;
  return NULL;
}
static void Slow(void* user, jf_request* request) {
  Work* work = user;
  work->request = request;
  EXPECT_OK(jf_hold(request));
  EXPECT(pthread_create(&work->thread, NULL, WorkInAThread, work) == 0);
}

static void ThreadAnswersForAHandlerByAPost(void) {
  World world = Open();
  Work work = {.node = world.node};
  EXPECT_OK(jf_handle(world.port, kSlow, Slow, &work));
  jf_message* reply = NULL;
  EXPECT_OK(jf_call(world.channel, kSlow, "", 0, NULL, &reply));
  EXPECT(Says(reply, "worked"));
  EXPECT(pthread_join(work.thread, NULL) == 0);
  EXPECT(work.refused == 1);
  Close(&world);
}

/* ---- Another thread's loop over a node of its own. */

typedef struct Server {
  jf_node* node;
  char address[128];
  pthread_mutex_t mutex;
  pthread_cond_t serves;
  int status;
} Server;

static void* RunServer(void* user) {
  Server* server = user;
  jf_node* node = NULL;
  jf_port* port = NULL;
  const char* const addresses[] = {"unix:"};
  int status = jf_node_open("server", NULL, &node);
  if (status == JF_OK) status = jf_port_open(node, addresses, 1, NULL, &port);
  if (status == JF_OK) status = jf_handle(port, kEcho, Echo, NULL);
  pthread_mutex_lock(&server->mutex);
  server->node = node;
  snprintf(server->address, sizeof server->address, "%s", jf_port_address(port, 0));
  pthread_cond_signal(&server->serves);
  pthread_mutex_unlock(&server->mutex);
  if (status == JF_OK) status = jf_run(node);
  server->status = status;
  jf_node_close(node);
  return NULL;
}

enum { kCalls = 2000, kGuardMs = 20000 };

typedef struct Caller {
  jf_channel* channel;
  int left, wrong;
} Caller;

static void OnAnswer(void* user, int status, jf_message* message) {
  Caller* caller = user;
  if (status != JF_OK || !Says(message, "ping")) ++caller->wrong;
  EXPECT_OK(jf_message_free(message));
  if (--caller->left > 0)
    EXPECT_OK(jf_call_async(caller->channel, kEcho, "ping", 4, NULL, OnAnswer, caller, NULL));
}

/* As jackfield.h says at jf_prepare. Returns how often it slept. */
static int DriveByPoll(jf_node* node, Caller* caller) {
  int sleeps = 0;
  while (caller->left > 0) {
    int happened = 1;
    int64_t sleep_us = -2;
    EXPECT_OK(jf_turn(node, 0, &happened));
    if (happened) continue;
    EXPECT_OK(jf_prepare(node, &sleep_us));
    EXPECT(sleep_us >= JF_FOREVER);
    if (sleep_us == 0) continue;
    struct pollfd polled = {.events = POLLIN};
    EXPECT_OK(jf_fd(node, &polled.fd));
    const int64_t ms = sleep_us == JF_FOREVER ? kGuardMs : sleep_us / 1000 + 1;
    const int ready = poll(&polled, 1, (int)(ms < kGuardMs ? ms : kGuardMs));
    if (ready == 0 && ms >= kGuardMs) {
      EXPECT(!"nothing has happened for long: a wake was lost");
      break;
    }
    ++sleeps;
  }
  return sleeps;
}

static void LoopOfOthersDrivesTheNode(uint32_t foreign_loop) {
  Server server = {.status = -1};
  pthread_t thread;
  pthread_mutex_init(&server.mutex, NULL);
  pthread_cond_init(&server.serves, NULL);
  EXPECT(pthread_create(&thread, NULL, RunServer, &server) == 0);
  pthread_mutex_lock(&server.mutex);
  while (server.address[0] == '\0') pthread_cond_wait(&server.serves, &server.mutex);
  pthread_mutex_unlock(&server.mutex);

  const jf_node_options options = {.size = sizeof options, .foreign_loop = foreign_loop};
  jf_node* node = NULL;
  Caller caller = {.left = kCalls};
  EXPECT_OK(jf_node_open("client", &options, &node));
  EXPECT_OK(jf_channel_open(node, server.address, NULL, &caller.channel));
  EXPECT_OK(jf_call_async(caller.channel, kEcho, "ping", 4, NULL, OnAnswer, &caller, NULL));
  const int sleeps = DriveByPoll(node, &caller);
  EXPECT(caller.left == 0 && caller.wrong == 0);
  if (foreign_loop) EXPECT(sleeps > 0);
  EXPECT_OK(jf_stop(server.node));
  EXPECT(pthread_join(thread, NULL) == 0);
  EXPECT(server.status == JF_OK);
  EXPECT_OK(jf_node_close(node));
}

static int posted = 0;
static void OnPost(void* user) {
  (void)user;
  ++posted;
}

static void PostToAClosedNodeIsRefused(void) {
  jf_node* node = NULL;
  EXPECT_OK(jf_node_open("brief", NULL, &node));
  EXPECT_OK(jf_post(node, OnPost, NULL));
  EXPECT(posted == 0);
  EXPECT_OK(jf_node_close(node));
  EXPECT(posted == 1); /* at its end at the latest */
  EXPECT_REFUSED(jf_post(node, OnPost, NULL), JF_REASON_MISUSE, "closed before");
  EXPECT_REFUSED(jf_stop(node), JF_REASON_MISUSE, "closed before");
}

static void WhatBlocksEndsWhenTheNodeIsStopped(void) {
  World world = Open();
  jf_message* reply = NULL;
  EXPECT_OK(jf_stop(world.node));
  EXPECT(jf_call(world.channel, kEcho, "", 0, NULL, &reply) == JF_CANCELLED);
  EXPECT_OK(jf_run(world.node)); /* returns */
  Close(&world);
}

int main(void) {
  ThreadAnswersForAHandlerByAPost();
  LoopOfOthersDrivesTheNode(1);
  LoopOfOthersDrivesTheNode(0);
  PostToAClosedNodeIsRefused();
  WhatBlocksEndsWhenTheNodeIsStopped();
  return failures != 0;
}
