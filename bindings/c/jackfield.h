/* Jackfield for C99, and for every language that can call C.
 *
 *   jf_node* node;
 *   jf_channel* greeter;
 *   jf_message* reply;
 *   if (jf_node_open("me", NULL, &node) != JF_OK) return Complain(jf_error());
 *   if (jf_channel_open(node, "unix:@greeter", NULL, &greeter) != JF_OK) ...
 *   if (jf_call(greeter, jf_type("greet.Greeter/Greet"), bytes, size, NULL, &reply) == JF_OK) {
 *     const void* data = jf_message_data(reply, &size);
 *     ...
 *     jf_message_free(reply);
 *   }
 *   jf_node_close(node);
 *
 * Link with -ljackfield. No type of C++ crosses this header; no exception and no abort does either.
 *
 * THREADS. A node belongs to the thread that opened it, and so does all that hangs on it. Another
 * thread is refused (JF_REASON_MISUSE), and nothing has happened; but jf_post, jf_stop, jf_abi,
 * jf_error and jf_type may be called from any.
 *
 * ERRORS. A function that returns int returns JF_OK, or the code of what went wrong; jf_error()
 * then says the outcome, the reason and a sentence. Nothing that was to be given out is, unless it
 * is JF_OK. What is said below under "errors" comes to these, which every function may return:
 * JF_INVALID_ARGUMENT (a NULL, a wrong size, a number out of its range), JF_FAILED_PRECONDITION
 * with JF_REASON_MISUSE (another thread; a handle that was closed, as far as can be told, or is
 * of another kind; a call that blocks inside a callback), JF_RESOURCE_EXHAUSTED (memory).
 *
 * OWNERSHIP. What comes out of a function by `X** out` is the caller's, to be given to the close or
 * free function of its kind, once; jf_node_close does it for all that is left on the node. Bytes
 * and texts that go in are copied before the function returns. A function that closes takes NULL.
 *
 * BLOCKING turns the node, so callbacks run meanwhile. What blocks on a channel, but for a call, or
 * on a stream keeps that from being closed, and a request with such a stream from being answered
 * (JF_REASON_MISUSE).
 *
 * CALLBACKS run on the node's thread, inside jf_turn, jf_run, jf_node_close or a function that
 * blocks; never inside the function that was given them. Inside one nothing blocks: what would wait
 * is refused. A callback of a call, a read, a write or a post is called exactly once, if the
 * function that took it returned JF_OK; its `user` must live until then.
 *
 * OPTIONS begin with their own size, so that programs and libraries of different ages meet:
 *   jf_call_options options = {.size = sizeof options, .timeout_us = 250000};
 * Every other field may be 0: it then is as without options (NULL). Times are microseconds.
 */
#ifndef JACKFIELD_C_JACKFIELD_H_
#define JACKFIELD_C_JACKFIELD_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JF_API __attribute__((visibility("default")))

/* ---- This library */

/* Raised when something is added; what is there stays as it is for as long as the name
 * libjackfield.so.1. */
#define JF_ABI 1u
JF_API uint32_t jf_abi(void); /* of the library that is loaded; any thread */

/* Codes, with the numbers of gRPC and Abseil. A handler may choose any but JF_OK for its answer. */
enum {
  JF_OK = 0,
  JF_CANCELLED = 1,
  JF_UNKNOWN = 2,
  JF_INVALID_ARGUMENT = 3,
  JF_DEADLINE_EXCEEDED = 4,
  JF_NOT_FOUND = 5,
  JF_ALREADY_EXISTS = 6,
  JF_PERMISSION_DENIED = 7,
  JF_RESOURCE_EXHAUSTED = 8,
  JF_FAILED_PRECONDITION = 9,
  JF_ABORTED = 10,
  JF_OUT_OF_RANGE = 11,
  JF_UNIMPLEMENTED = 12,
  JF_INTERNAL = 13,
  JF_UNAVAILABLE = 14,
  JF_DATA_LOSS = 15,
  JF_UNAUTHENTICATED = 16
};

/* What became of it. */
enum {
  JF_OUTCOME_ANSWERED = 0, /* the handler ran, and chose this code itself */
  JF_OUTCOME_REFUSED = 1,  /* nothing happened: it can be sent again, or must be changed */
  JF_OUTCOME_FAILED = 2,   /* it is known not to have run */
  JF_OUTCOME_IN_DOUBT = 3  /* it may have run: is doing it twice harmless? */
};

enum {
  JF_REASON_NONE = 0,
  JF_REASON_BACK_PRESSURE = 1, /* a queue, a window or a table is full: later */
  JF_REASON_TOO_LARGE = 2,
  JF_REASON_PERMISSION = 3,
  JF_REASON_VERSION = 4,
  JF_REASON_DEADLOCK = 5, /* the call would wait for itself */
  JF_REASON_RESOURCE = 6, /* a limit of the system or of the node, which is named */
  JF_REASON_PEER_DIED = 7,
  JF_REASON_CANCELLED = 8,
  JF_REASON_UNREACHABLE = 9,
  JF_REASON_DEADLINE = 10,
  JF_REASON_UNKNOWN_METHOD = 11,
  JF_REASON_CORRUPT = 12,
  JF_REASON_MISUSE = 13, /* this program broke a rule of this header */
  JF_REASON_CLOSED = 14
};

typedef struct jf_error_info {
  uint32_t size;
  int code;
  int outcome;
  int reason;
  const char* text;         /* a sentence: what was tried, where, and what helps */
  const char* outcome_name; /* "IN_DOUBT" */
  const char* reason_name;  /* "peer-died" */
} jf_error_info;

/* Of the last function of this thread that did not return JF_OK, or of the callback that runs with
 * such a status. Never NULL; valid until the next error of this thread. Any thread. */
JF_API const jf_error_info* jf_error(void);

/* The number of a method, as it travels: of "package.Service/Method". 0 for NULL. Any thread. */
JF_API uint32_t jf_type(const char* method);

typedef struct jf_node jf_node;       /* a thread, and what lives on it */
typedef struct jf_channel jf_channel; /* a client's end */
typedef struct jf_pending jf_pending; /* a call that can be cancelled */
typedef struct jf_stream jf_stream;   /* items in both directions, under one call */
typedef struct jf_port jf_port;       /* a service's end */
typedef struct jf_request jf_request; /* a message that is being served */
typedef struct jf_message jf_message; /* bytes and descriptors that came */
typedef struct jf_service jf_service; /* what a wiring granted to this program */
typedef struct jf_schema jf_schema;   /* what the messages of an interface look like */

/* ---- Nodes */

typedef struct jf_node_options {
  uint32_t size;
  /* 1: another loop (asyncio, libuv, GLib) will drive the node, and must be able to sleep: see
   * jf_prepare. Then the node waits by epoll; else by io_uring where that is allowed. The
   * environment may say JACKFIELD_REACTOR=epoll for both. */
  uint32_t foreign_loop;
  uint64_t memory_bytes_max; /* message memory; 0: 256 MiB, or half of what a cgroup allows */
} jf_node_options;

/* name: for people, at most 64 bytes. Errors: JF_RESOURCE_EXHAUSTED (descriptors). */
JF_API int jf_node_open(const char* name, const jf_node_options* options, jf_node** out);
/* Closes what is left on it, and tells callbacks that have not been called (JF_CANCELLED). Errors:
 * inside a callback; then it is still open. */
JF_API int jf_node_close(jf_node* node);

/* Drives the node until jf_stop. Blocks. */
JF_API int jf_run(jf_node* node);
/* The node is to stop, for good: jf_run returns, and what blocks, now or later, ends as
 * JF_CANCELLED. Of a service: as if SIGTERM came. Any thread. Errors: the node is closed. */
JF_API int jf_stop(jf_node* node);
/* Has fn(user) called on the node's thread, in a turn. Any thread: the way for a thread that has
 * worked for a handler to give back what came of it. Errors: the node is closed, and fn will not
 * run. */
typedef void (*jf_post_fn)(void* user);
JF_API int jf_post(jf_node* node, jf_post_fn fn, void* user);

/* One turn: sends, receives, runs callbacks. Sleeps until something happens, at most sleep_us; 0:
 * does not sleep; JF_FOREVER. happened (may be NULL): 1 if anything did. */
#define JF_FOREVER ((int64_t)-1)
JF_API int jf_turn(jf_node* node, int64_t sleep_us, int* happened);

/* For a loop that is not ours. In each of its rounds:
 *
 *   do jf_turn(node, 0, &happened); while (happened);       (a bounded number of times)
 *   jf_prepare(node, &sleep_us);
 *   if (sleep_us == 0) come back at once;
 *   else come back when jf_fd is readable, or after sleep_us (JF_FOREVER: no timer is set)
 *
 * A call that is begun outside a turn needs a round too: only a turn sends it. jf_prepare makes the
 * descriptor tell of all that happens from here on. Over io_uring sleep_us is always 0, and the
 * loop never sleeps: open the node with foreign_loop. */
JF_API int jf_prepare(jf_node* node, int64_t* sleep_us);
/* To be polled for reading, and neither read nor closed. It may be another one after jf_prepare. */
JF_API int jf_fd(jf_node* node, int* fd);

/* ---- Messages */

/* The payload, at a multiple of 8 bytes, until the message is freed. bytes may be NULL. NULL, and
 * 0 bytes, if it is no message. Node's thread. */
JF_API const void* jf_message_data(const jf_message* message, size_t* bytes);
/* Takes its i-th descriptor, which is then the caller's to close; -1: there is none, or it was
 * taken. Those that are not taken are closed with the message. */
JF_API int jf_message_fd(jf_message* message, size_t i);
/* Errors: it was freed before; it belongs to a request, which ends by itself. */
JF_API int jf_message_free(jf_message* message);

/* ---- Channels: to call a service */

typedef struct jf_channel_options {
  uint32_t size;
  uint32_t calls_max;         /* under way at once, 1..4096; 0: 256 */
  int64_t timeout_us;         /* of a call that names none; 0: 5 s */
  int64_t connect_us;         /* time to connect; 0: 5 s */
  uint32_t message_bytes_max; /* 0: 1 MiB; the service must allow the same */
  uint32_t no_reconnect;      /* 1: it ends with the first connection */
  uint32_t sends_fds;         /* 1: descriptors will be sent; refused where the medium cannot */
  uint32_t reserved;
} jf_channel_options;

/* Opens at once; connecting goes on meanwhile, and again when the service is replaced. address:
 * "unix:@greeter", "tcp://10.1.2.3:7000", ... Errors: JF_INVALID_ARGUMENT, JF_FAILED_PRECONDITION
 * (the address cannot do what is asked for; each need is named). */
JF_API int jf_channel_open(jf_node* node, const char* address, const jf_channel_options* options,
                           jf_channel** out);
/* Blocks until it is connected. Errors: why it cannot be. */
JF_API int jf_channel_wait(jf_channel* channel);

/* What became of all that was sent. */
typedef struct jf_receipt {
  uint32_t size;
  uint32_t reserved;
  uint64_t handled, delivered, undelivered, in_doubt;
} jf_receipt;

/* Says goodbye, and blocks until the service has handled all, at most timeout_us; 0, or inside a
 * callback: does not wait. Calls under way end (JF_REASON_CLOSED), and are told so in a later turn;
 * its streams are closed with it. receipt may be NULL; set its size. */
JF_API int jf_channel_close(jf_channel* channel, int64_t timeout_us, jf_receipt* receipt);
/* "unix:@kv, to kv, pid 4121", as snprintf would print it into `bytes` bytes at `text`. Returns the
 * length that it needs; 0 if it is no channel. */
JF_API size_t jf_channel_describe(jf_channel* channel, char* text, size_t bytes);

/* 0, or how urgent a call is; within a handler 0 is as urgent as the call that is being served. */
enum { JF_PRIORITY_HIGHEST = 1, JF_PRIORITY_HIGH = 2, JF_PRIORITY_NORMAL = 3, JF_PRIORITY_LOW = 4 };

typedef struct jf_call_options {
  uint32_t size;
  uint32_t priority;
  int64_t timeout_us; /* 0: the channel's, and of a stream none; less: it has passed already */
  uint32_t detached;  /* 1: inherits no deadline, priority and callers of the call being served */
  uint32_t no_wait;   /* jf_send: 1: refused (JF_REASON_BACK_PRESSURE) where there is no room */
  const int* fds;     /* to go along, at most 16; the channel closes them, unless it is REFUSED */
  size_t fd_count;
} jf_call_options;

/* Blocks until it is answered. Errors: what the handler chose, with JF_OUTCOME_ANSWERED; else how
 * it ended. */
JF_API int jf_call(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
                   const jf_call_options* options, jf_message** reply);

/* Never blocks. status: as jf_call returns it, and jf_error tells more; message: the answer, the
 * callback's to free, if status is JF_OK.
 * pending NULL: the call cannot be cancelled, and where calls_max are under way it is refused. Else
 * it waits for room, within its deadline, and the handle is there until the callback is called. */
typedef void (*jf_answer_fn)(void* user, int status, jf_message* message);
JF_API int jf_call_async(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
                         const jf_call_options* options, jf_answer_fn fn, void* user,
                         jf_pending** pending);
/* The answer is not wanted any more: the service hears it, and the callback JF_CANCELLED, in a
 * later turn. Errors: the callback has been called. */
JF_API int jf_cancel(jf_pending* pending);

/* One way. Blocks until there is room for it; a later turn sends it. How it ended is in the receipt
 * of the channel. */
JF_API int jf_send(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
                   const jf_call_options* options);

/* ---- Streams */

/* A call with items in both directions, and at its end an answer. One reader and one writer at a
 * time. */
JF_API int jf_stream_open(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
                          const jf_call_options* options, jf_stream** out);
/* The next item; NULL with JF_OK: no more will come. Blocks. Errors: why the call is over. */
JF_API int jf_stream_read(jf_stream* stream, jf_message** item);
/* The same by a callback, whose message is NULL at the end. Errors: a read is under way. */
JF_API int jf_stream_read_async(jf_stream* stream, jf_answer_fn fn, void* user);
/* Sends an item. wait != 0: blocks while the reader is slower. Else it is refused then
 * (JF_REASON_BACK_PRESSURE), and nothing was sent. Errors: the call is over; too large. */
JF_API int jf_stream_write(jf_stream* stream, const void* data, size_t bytes, int wait);
/* The same by a callback, once there is room; its message is NULL. Errors: a write is under way. */
JF_API int jf_stream_write_async(jf_stream* stream, const void* data, size_t bytes, jf_answer_fn fn,
                                 void* user);
/* No more items go from here. Of a request's stream the answer says it as well. */
JF_API int jf_stream_end(jf_stream* stream);
/* A client's: the answer, after the last item. Blocks. Errors: as jf_call. Once. */
JF_API int jf_stream_finish(jf_stream* stream, jf_message** reply);
JF_API int jf_stream_finish_async(jf_stream* stream, jf_answer_fn fn, void* user);
/* Frees a client's stream; before its end this cancels the call. Callbacks that wait hear
 * JF_CANCELLED. A request's stream ends with its request. */
JF_API int jf_stream_close(jf_stream* stream);

/* ---- Ports: to serve */

typedef struct jf_port_options {
  uint32_t size;
  uint32_t handlers_max;      /* requests under way at once; 0: 1024; 1: one after the other */
  uint32_t sessions_max;      /* clients at once; 0: 16384 */
  uint32_t message_bytes_max; /* 0: 1 MiB; clients must allow the same */
  uint32_t reentrant;         /* 1: it may be called by a service that it waits for */
} jf_port_options;

/* Serves at each of the addresses; blocks until it does. Set the handlers at once: requests wait
 * until the next turn. Errors: why it cannot serve there. */
JF_API int jf_port_open(jf_node* node, const char* const* addresses, size_t count,
                        const jf_port_options* options, jf_port** out);

/* Called for each message of that type (jf_type, or any number of one's own). It must answer a
 * request before it returns, or jf_hold it; else the caller gets JF_INTERNAL. Errors: the type has
 * a handler; inside a callback. */
typedef void (*jf_handler_fn)(void* user, jf_request* request);
JF_API int jf_handle(jf_port* port, uint32_t type, jf_handler_fn fn, void* user);

/* Tells everybody who asks (`jackfield ls`, `jackfield call`) that the port serves `interface`
 * ("greet.Greeter"), with its schema: the .bfbs that flatc --binary --schema writes, with
 * --bfbs-builtins --bfbs-comments. The handlers are set by jf_handle. Errors: JF_INVALID_ARGUMENT
 * (it is no sound schema; it has no such rpc_service, and which it has). */
JF_API int jf_port_schema(jf_port* port, const char* interface, const void* bfbs, size_t bytes);
/* Where it serves, with what the transports chose: the i-th, until the port is closed; NULL: there
 * is none. */
JF_API const char* jf_port_address(jf_port* port, size_t i);
/* Takes no new requests, and says goodbye to its clients, the first time. rests: 1 when all that
 * had come is handled, but for streams that are open. For an end without loss: call it until then,
 * with turns in between. (jf_service_run does it by itself.) */
JF_API int jf_port_drain(jf_port* port, int* rests);
/* Blocks until the clients have heard goodbye and what they had sent is handled, at most
 * timeout_us; 0, or inside a callback: does not wait. Requests that are held end: their callers
 * hear that the service is gone. */
JF_API int jf_port_close(jf_port* port, int64_t timeout_us);

/* ---- Requests
 *
 * A request is the handler's until it returns, or until it is answered, if it was held. Then it
 * ends by itself, with its message and its stream. */

typedef struct jf_request_info {
  uint32_t size;
  uint32_t type;
  uint32_t one_way;     /* 1: it takes no answer */
  uint32_t cancelled;   /* 1: nobody waits for the answer any more: work may stop */
  uint32_t is_stream;   /* 1: it was opened as a stream */
  uint32_t priority;    /* JF_PRIORITY_... */
  int64_t remaining_us; /* of its deadline; JF_FOREVER: it has none */
  const char* peer;     /* its name, by its own word; until the request ends */
  uint32_t peer_known;  /* 1: the system tells who it is: */
  uint32_t peer_uid, peer_gid;
  int32_t peer_pid;
  /* Who it is by the badge that `up` gave it, where the service says who may call; else "". Until
   * the request ends. */
  const char* caller;
} jf_request_info;

JF_API int jf_request_facts(jf_request* request, jf_request_info* info);
/* Lent: it ends with the request. NULL: it is no request. */
JF_API jf_message* jf_request_message(jf_request* request);
/* It will be answered after the handler has returned. Errors: it takes no answer; no message
 * memory (the caller has been told). */
JF_API int jf_hold(jf_request* request);
/* Has fn(user) called, once, when nobody waits for the answer any more; not after it ended. */
JF_API int jf_request_on_cancel(jf_request* request, jf_post_fn fn, void* user);
/* Once. Errors: one-way; answered; too large (another answer may fit); the caller has gone. */
JF_API int jf_reply(jf_request* request, const void* data, size_t bytes);
/* code: JF_CANCELLED..JF_UNAUTHENTICATED; text: for people, at most 4096 bytes travel. */
JF_API int jf_fail(jf_request* request, int code, const char* text);
/* Of a request that was opened as one: hold it, then read and write. Lent. Errors:
 * JF_FAILED_PRECONDITION: it was not, its caller must open it as a stream. */
JF_API int jf_request_stream(jf_request* request, jf_stream** out);

/* ---- Services: programs of a wiring
 *
 *   static int Serve(jf_service* service, void* user) {
 *     jf_port* port;
 *     if (jf_service_serve(service, NULL, &port) != JF_OK) return jf_error()->code;
 *     jf_handle(port, jf_type("greet.Greeter/Greet"), OnGreet, user);
 *     return jf_service_run(service);
 *   }
 *   int main(int argc, char** argv) { return jf_service_main(argc, argv, NULL, Serve, NULL); }
 *
 * Under `jackfield up` the grants come in the environment; by hand: PROGRAM --serve unix:@greeter
 * --call log=unix:@log [-- ARGS...]; PROGRAM --help tells all of it. */

typedef struct jf_service_options {
  uint32_t size;
  uint32_t foreign_loop; /* as in jf_node_options */
} jf_service_options;

/* What the program is; the status that it returns, JF_OK or the code of its last error, decides the
 * exit status. */
typedef int (*jf_service_fn)(jf_service* service, void* user);
/* Reads the grants, runs fn, and sees to the end: SIGTERM and SIGINT ask it to stop, what was sent
 * one way is still sent, and what is lost is said on stderr. Returns the exit status for main():
 * 0, 1 (it failed, or messages were lost), 2 (usage), 130 (it was asked to stop and fn returned
 * JF_CANCELLED). What fn left open is closed. Blocks SIGTERM and SIGINT in this thread meanwhile:
 * call it before other threads are started. One at a time in a process. */
JF_API int jf_service_main(int argc, char** argv, const jf_service_options* options,
                           jf_service_fn fn, void* user);

typedef struct jf_service_info {
  uint32_t size;
  uint32_t stopping; /* 1: it is asked to stop */
  jf_node* node;     /* lent: for calls, posts and turns; the service closes it */
  const char* name;
  const char* const* args; /* its own arguments; NULL behind the last */
  size_t arg_count;
  const char* const* roles; /* the roles that it may call, each once; NULL behind the last */
  size_t role_count;
  int64_t grace_us; /* how long its end may take */
} jf_service_info;

/* Texts live as long as the service. */
JF_API int jf_service_facts(jf_service* service, jf_service_info* info);
/* A channel to whoever the wiring put into that role; "" or NULL: the only one. Errors:
 * JF_PERMISSION_DENIED (not granted; says which entry is missing), JF_FAILED_PRECONDITION (the role
 * has many servers), and those of jf_channel_open. */
JF_API int jf_service_connect(jf_service* service, const char* role,
                              const jf_channel_options* options, jf_channel** out);
/* One of the servers of a role. */
typedef struct jf_server {
  jf_channel* channel;
  const char* name; /* "packer.2", else its address; as long as the service */
} jf_server;
/* A channel to each server of a role that has several, in the order of the wiring: which of them a
 * call goes to is the caller's business. servers: room for servers_max; 64 are enough. Errors: as
 * jf_service_connect; JF_INVALID_ARGUMENT: there are more than servers_max. */
JF_API int jf_service_connect_all(jf_service* service, const char* role,
                                  const jf_channel_options* options, jf_server* servers,
                                  size_t servers_max, size_t* count);
/* A port at every address that the wiring gave, as jf_port_open; then tells that the service is
 * ready. Errors: JF_FAILED_PRECONDITION: the wiring gave none. */
JF_API int jf_service_serve(jf_service* service, const jf_port_options* options, jf_port** out);
/* For a service that serves nothing: it is ready. */
JF_API int jf_service_ready(jf_service* service);
/* Drives the node until it is asked to stop, then handles what has come. Blocks. */
JF_API int jf_service_run(jf_service* service);

/* ---- Schemas: messages as JSON
 *
 * For programs without generated code. A schema is no node's: any thread may use it, one at a time.
 * A method is "package.Service/Method", or "Method" where only one interface has it. */

/* From a file, .fbs or .bfbs; or, with path NULL, from the .bfbs of `bytes` bytes at `bfbs`, which
 * may come from anybody. Errors: JF_NOT_FOUND (the file), JF_INVALID_ARGUMENT (where it is wrong).
 */
JF_API int jf_schema_open(const char* path, const void* bfbs, size_t bytes, jf_schema** out);
JF_API int jf_schema_close(jf_schema* schema);
/* The .bfbs of it, for jf_port_schema; until it is closed. NULL: it is no schema. */
JF_API const void* jf_schema_bytes(const jf_schema* schema, size_t* bytes);

enum {
  JF_METHOD_CALL = 0,
  JF_METHOD_ONE_WAY = 1,
  JF_METHOD_SERVER_STREAM = 2,
  JF_METHOD_CLIENT_STREAM = 3,
  JF_METHOD_BOTH_STREAMS = 4
};
typedef struct jf_method_info {
  uint32_t size;
  uint32_t type;    /* as jf_type gives it */
  const char* name; /* "package.Service/Method"; until the schema is closed */
  uint32_t kind;    /* JF_METHOD_... */
  uint32_t reserved;
  int64_t timeout_us; /* that the schema gives it; 0: none */
} jf_method_info;
/* The i-th method of all its interfaces. Errors: JF_OUT_OF_RANGE: there is none. */
JF_API int jf_schema_method(const jf_schema* schema, size_t i, jf_method_info* info);

/* Which of a method's messages: the request or the reply, items too. */
enum { JF_REQUEST = 0, JF_REPLY = 1 };
/* One JSON object as the bytes of a message, which stay until the schema's next function. Errors:
 * JF_UNIMPLEMENTED (no such method; names the nearest), JF_INVALID_ARGUMENT (what is wrong with the
 * object, and where). */
JF_API int jf_schema_write(jf_schema* schema, const char* method, int way, const char* json,
                           const void** data, size_t* bytes);
/* And back, in one line. Errors: JF_DATA_LOSS: it is not what the schema says. */
JF_API int jf_schema_read(jf_schema* schema, const char* method, int way, const void* data,
                          size_t bytes, const char** json);

#ifdef __cplusplus
}
#endif

#endif /* JACKFIELD_C_JACKFIELD_H_ */
