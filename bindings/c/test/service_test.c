/* The main function of a service: its grants, its readiness and its end. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "bindings/c/test/check.h"

enum { kEcho = 1 };

static void Echo(void* user, jf_request* request) {
  (void)user;
  size_t bytes;
  const void* data = jf_message_data(jf_request_message(request), &bytes);
  EXPECT_OK(jf_reply(request, data, bytes));
}

typedef struct Ran {
  int times, epoll;
  jf_service* service;
  jf_channel* channel;
} Ran;

static void Stop(void* user) { EXPECT_OK(jf_stop(user)); }

/* ---- A role with two servers, which are the same here. */

static int CallsBoth(jf_service* service, void* user) {
  const char* const at = user;
  jf_port* port = NULL;
  jf_server servers[4];
  jf_message* reply = NULL;
  size_t count = 9;
  EXPECT_OK(jf_service_serve(service, NULL, &port));
  EXPECT_OK(jf_handle(port, kEcho, Echo, NULL));
  EXPECT(jf_service_connect(service, "self", NULL, &servers[0].channel) == JF_FAILED_PRECONDITION);
  EXPECT_REFUSED(jf_service_connect_all(service, "self", NULL, servers, 1, &count),
                 JF_REASON_MISUSE, "2 servers");
  EXPECT(jf_service_connect_all(service, "nobody", NULL, servers, 4, &count) ==
         JF_PERMISSION_DENIED);
  EXPECT_OK(jf_service_connect_all(service, "self", NULL, servers, 4, &count));
  EXPECT(count == 2 && strcmp(servers[0].name, at) == 0);
  for (size_t i = 0; i < count; ++i)
    EXPECT_OK(jf_call(servers[i].channel, kEcho, "me", 2, NULL, &reply));
  return JF_OK;
}

static void RoleWithManyServersHasAChannelToEach(char* at) {
  char call[128];
  snprintf(call, sizeof call, "self=%s", at);
  char* argv[] = {(char*)"whole", (char*)"--serve", at,   (char*)"--call",
                  call,           (char*)"--call",  call, NULL};
  EXPECT(jf_service_main(7, argv, NULL, CallsBoth, at) == 0);
}

/* Serves, calls itself, and stops as if asked to. */
static int Whole(jf_service* service, void* user) {
  Ran* ran = user;
  ++ran->times;
  ran->service = service;
  ran->epoll = getenv("JACKFIELD_REACTOR") != NULL;
  jf_service_info info = {.size = sizeof info};
  EXPECT_OK(jf_service_facts(service, &info));
  EXPECT(strcmp(info.name, "whole") == 0);
  EXPECT(info.arg_count == 2 && strcmp(info.args[1], "b") == 0 && info.args[2] == NULL);
  EXPECT(info.role_count == 1 && strcmp(info.roles[0], "self") == 0);
  EXPECT(info.grace_us == 3000000 && info.stopping == 0);
  EXPECT_REFUSED(jf_node_close(info.node), JF_REASON_MISUSE, "its service's");
  EXPECT(jf_service_main(1, (char* [2]){(char*)"x", NULL}, NULL, Whole, NULL) == 2);

  jf_port* port = NULL;
  EXPECT_OK(jf_service_serve(service, NULL, &port));
  EXPECT_OK(jf_handle(port, kEcho, Echo, NULL));
  jf_message* reply = NULL;
  EXPECT(jf_service_connect(service, "nobody", NULL, &ran->channel) == JF_PERMISSION_DENIED);
  EXPECT(strstr(jf_error()->text, "nobody") != NULL);
  EXPECT_OK(jf_service_connect(service, NULL, NULL, &ran->channel));
  EXPECT_OK(jf_call(ran->channel, kEcho, "me", 2, NULL, &reply));
  EXPECT(Says(reply, "me"));
  EXPECT_OK(jf_post(info.node, Stop, info.node));
  EXPECT_OK(jf_service_run(service));
  EXPECT_OK(jf_service_facts(service, &info));
  EXPECT(info.stopping == 1);
  return JF_OK; /* what is open is closed */
}

static void ByHandItIsWholeAndItsHandlesEnd(const char* at) {
  Ran ran = {0, 0, NULL, NULL};
  char call[128];
  snprintf(call, sizeof call, "self=%s", at);
  char* argv[] = {(char*)"whole", (char*)"--serve", (char*)at,   (char*)"--call",
                  call,           (char*)"--grace", (char*)"3s", (char*)"--",
                  (char*)"a",     (char*)"b",       NULL};
  const jf_service_options foreign = {.size = sizeof foreign, .foreign_loop = 1};
  EXPECT(jf_service_main(10, argv, &foreign, Whole, &ran) == 0);
  EXPECT(ran.times == 1 && ran.epoll == 0);
  EXPECT_REFUSED(jf_service_ready(ran.service), JF_REASON_MISUSE, "closed before");
  EXPECT_REFUSED(jf_channel_wait(ran.channel), JF_REASON_MISUSE, "closed before");
}

static void UnderAWiringItTellsThatItIsReady(const char* at) {
  int ready[2];
  char grants[256], number[16], told[256] = "";
  EXPECT(pipe(ready) == 0);
  snprintf(grants, sizeof grants, "name whole\nserve %s\ncall self %s\ngrace 3s\n", at, at);
  snprintf(number, sizeof number, "%d", ready[1]);
  setenv("JACKFIELD_GRANTS", grants, 1);
  setenv("JACKFIELD_READY_FD", number, 1);
  Ran ran = {0, 0, NULL, NULL};
  char* argv[] = {(char*)"program", (char*)"a", (char*)"b", NULL};
  EXPECT(jf_service_main(3, argv, NULL, Whole, &ran) == 0);
  EXPECT(ran.times == 1);
  const ssize_t got = read(ready[0], told, sizeof told - 1);
  EXPECT(got > 0 && strstr(told, "serving unix:") != NULL && strstr(told, "ready\n") != NULL);
  EXPECT(getenv("JACKFIELD_GRANTS") == NULL);
  close(ready[0]);
}

static int Fails(jf_service* service, void* user) {
  (void)user;
  jf_channel* channel = NULL;
  return jf_service_connect(service, "missing", NULL, &channel);
}
static int IsStopped(jf_service* service, void* user) {
  (void)user;
  raise(SIGTERM); /* blocked: the service hears it in a turn */
  jf_service_info info = {.size = sizeof info};
  jf_channel* channel = NULL;
  jf_message* reply = NULL;
  EXPECT_OK(jf_service_facts(service, &info));
  EXPECT_OK(jf_channel_open(info.node, "unix:@jackfield-test-nobody", NULL, &channel));
  return jf_call(channel, kEcho, "", 0, NULL, &reply);
}

static void ExitStatusSaysHowItEnded(void) {
  char* fails[] = {(char*)"fails", (char*)"--serve", (char*)"unix:", NULL};
  char* wrong[] = {(char*)"wrong", (char*)"--nosuch", NULL};
  sigset_t before, after;
  sigprocmask(SIG_SETMASK, NULL, &before);
  EXPECT(jf_service_main(3, fails, NULL, Fails, NULL) == 1);
  EXPECT(jf_service_main(1, fails, NULL, Fails, NULL) == 2); /* by hand, granted nothing */
  EXPECT(jf_service_main(2, wrong, NULL, Fails, NULL) == 2);
  EXPECT(jf_service_main(3, fails, NULL, IsStopped, NULL) == 130);
  EXPECT(jf_service_main(0, NULL, NULL, Fails, NULL) == 2);
  EXPECT(jf_service_main(3, fails, NULL, NULL, NULL) == 2);
  sigprocmask(SIG_SETMASK, NULL, &after);
  EXPECT(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
}

int main(void) {
  char at[64];
  unsetenv("JACKFIELD_REACTOR"); /* so that it is seen who sets it */
  snprintf(at, sizeof at, "unix:@jackfield-c-test-%ld", (long)getpid());
  ByHandItIsWholeAndItsHandlesEnd(at);
  UnderAWiringItTellsThatItIsReady(at);
  RoleWithManyServersHasAChannelToEach(at);
  ExitStatusSaysHowItEnded();
  return failures != 0;
}
