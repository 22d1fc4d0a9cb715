// The objects behind the handles, and what makes and ends them.
//
// Thread: the node's. Ownership: a node has lists of what is on it; ending it ends them.
#ifndef JACKFIELD_BINDINGS_C_OBJECTS_H_
#define JACKFIELD_BINDINGS_C_OBJECTS_H_

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bindings/c/handle.h"
#include "bindings/c/jackfield.h"
#include "jackfield/channel.h"
#include "jackfield/message.h"
#include "jackfield/node.h"
#include "jackfield/port.h"
#include "jackfield/service.h"
#include "jackfield/stream.h"
#include "jackfield/task.h"
#include "kernel/base/list.h"
#include "tools/message/schema.h"

namespace jackfield::c {

struct OwnedTag {};
using Owned = ListNode<OwnedTag>;

}  // namespace jackfield::c

struct jf_message : jackfield::c::Handle, jackfield::c::Owned {
  static constexpr auto kKind = jackfield::c::Kind::kMessage;
  jf_node* node = nullptr;
  jackfield::Message owned;
  jackfield::MessageView* view = nullptr;  // `owned`, or one that is lent
};

struct jf_stream : jackfield::c::Handle, jackfield::c::Owned {
  static constexpr auto kKind = jackfield::c::Kind::kStream;
  jf_node* node = nullptr;
  // One of the two.
  std::unique_ptr<jackfield::ClientStream> client;
  jf_request* request = nullptr;
  bool reads = false, writes = false, finishes = false;      // a callback waits for it
  int blocked = 0;                                           // functions that wait on it
  std::optional<absl::StatusOr<jackfield::Message>> answer;  // of a client, found by a read
};

struct jf_pending : jackfield::c::Handle, jackfield::c::Owned {
  static constexpr auto kKind = jackfield::c::Kind::kPending;
  jf_node* node = nullptr;
  jf_answer_fn fn = nullptr;
  void* user = nullptr;
  jackfield::Task<void> task;
  bool begins = false;  // inside the function that begins it
  absl::StatusOr<jackfield::Message> answer;
};

struct jf_channel : jackfield::c::Handle, jackfield::c::Owned {
  static constexpr auto kKind = jackfield::c::Kind::kChannel;
  jf_node* node = nullptr;
  std::unique_ptr<jackfield::Channel> channel;
  int blocked = 0;  // functions that wait on it
  jackfield::List<jf_stream, jackfield::c::OwnedTag> streams;
};

struct jf_request : jackfield::c::Handle, jackfield::c::Owned {
  static constexpr auto kKind = jackfield::c::Kind::kRequest;
  jf_node* node = nullptr;
  jackfield::ServerCall* call = nullptr;
  jf_message* message = nullptr;  // once it is asked for
  jf_stream* stream = nullptr;    // likewise
  bool runs = false;              // its handler has not returned
  bool held = false, answered = false;
  std::string peer, caller;
};

struct jf_port : jackfield::c::Handle, jackfield::c::Owned {
  static constexpr auto kKind = jackfield::c::Kind::kPort;
  jf_node* node = nullptr;
  std::vector<std::unique_ptr<jackfield::message::Schema>> schemas;  // outlive the port
  std::unique_ptr<jackfield::Port> port;
  jackfield::List<jf_request, jackfield::c::OwnedTag> requests;
  bool refuses = false;         // closed in this turn: what still comes
  std::vector<uint32_t> types;  // with a handler
  std::vector<std::string> addresses;
};

struct jf_node : jackfield::c::Handle {
  static constexpr auto kKind = jackfield::c::Kind::kNode;
  jackfield::Node* node = nullptr;
  std::unique_ptr<jackfield::Node> owned;  // but of a service
  jackfield::Service* service = nullptr;   // whose node it is
  jackfield::List<jf_channel, jackfield::c::OwnedTag> channels;
  jackfield::List<jf_port, jackfield::c::OwnedTag> ports;
  jackfield::List<jf_message, jackfield::c::OwnedTag> messages;
  jackfield::List<jf_pending, jackfield::c::OwnedTag> pending;

  jackfield::c::ShellList<jf_message> free_messages;
  jackfield::c::ShellList<jf_request> free_requests;

  std::mutex mutex;               // of what follows, and of the end:
  jackfield::MailboxHandle mail;  // for other threads
};

struct jf_service : jackfield::c::Handle {
  static constexpr auto kKind = jackfield::c::Kind::kService;
  jf_node* node = nullptr;
  jackfield::Service* service = nullptr;
  std::deque<std::string> texts;         // which stay where they are
  std::vector<const char*> args, roles;  // each ends with a null
};

struct jf_schema : jackfield::c::Handle {
  static constexpr auto kKind = jackfield::c::Kind::kSchema;
  std::unique_ptr<jackfield::message::Schema> schema;
  std::vector<const jackfield::Method*> methods;
  std::string last;  // what was written or read
};

namespace jackfield::c {

// The transports that come with Jackfield.
const Registry& Transports();

// ---- node.cc
jf_node* NewNode(Node& node, Service* service);
// Ends what is on it. The node itself may go on (of a service).
void EndNode(jf_node& node);
inline Node& NodeOf(const jf_node& handle) { return *handle.node; }

// ---- message.cc
jf_message* NewMessage(jf_node& node, Message message);
jf_message* LendMessage(jf_node& node, MessageView& view);
void EndMessage(jf_message& message);
// Hands over `got`, as a call's answer. Throws nothing.
void Tell(jf_node& node, jf_answer_fn fn, void* user, absl::StatusOr<Message> got);

// ---- channel.cc
jf_channel* NewChannel(jf_node& node, std::unique_ptr<Channel> channel);
void EndChannel(jf_channel& channel);
absl::Status ReadChannelOptions(const char* function, const jf_channel_options* given,
                                ChannelOptions& options);

// ---- call.cc
absl::Status ReadCallOptions(const char* function, const jf_call_options* given,
                             CallOptions& options, bool& no_wait);

// ---- call_pending.cc
// Begins a call that can be cancelled. Errors: it ended at once, and its callback is not called.
absl::StatusOr<jf_pending*> BeginPending(jf_channel& channel, uint32_t type, std::string bytes,
                                         const CallOptions& options, jf_answer_fn fn, void* user);
// Its callback hears that it was cancelled, in here.
void CancelPending(jf_pending& pending);

// A function that waits on a channel or a stream, which may not go meanwhile.
template <class T>
class Blocking {
 public:
  explicit Blocking(T& on) : on_(on) { ++on_.blocked; }
  ~Blocking() { --on_.blocked; }

 private:
  T& on_;
};

// ---- stream.cc
// Errors: MISUSE: something waits on it.
absl::Status CheckUnblocked(const char* function, const jf_stream* stream);  // which may be null
void EndStream(jf_stream& stream);
// Nothing more comes: JF_OK, or why.
absl::Status WhyEnded(jf_stream& stream);

// ---- port.cc
jf_port* NewPort(jf_node& node, std::unique_ptr<Port> port);
void EndPort(jf_port& port);
absl::Status ReadPortOptions(const char* function, const jf_port_options* given,
                             PortOptions& options);

// ---- schema.cc
// Errors: INVALID_ARGUMENT, and REFUSED.
absl::StatusOr<std::unique_ptr<message::Schema>> SchemaIn(const char* function, std::string bfbs);

// ---- request.cc
// Runs a handler.
void Serve(jf_port& port, jf_handler_fn fn, void* user, ServerCall& call);
void EndRequest(jf_request& request);

}  // namespace jackfield::c

#endif  // JACKFIELD_BINDINGS_C_OBJECTS_H_
