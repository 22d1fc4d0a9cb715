// Nodes: their life, their turns, and what other threads may do.
#include <utility>

#include "bindings/c/guard.h"
#include "jackfield/transports.h"

namespace jackfield::c {

const Registry& Transports() {
  static const Registry* const registry = [] {
    auto* made = new Registry;  // for as long as the program
    AddBuiltinTransports(*made);
    return made;
  }();
  return *registry;
}

jf_node* NewNode(Node& node, Service* service) {
  jf_node* handle = Shells<jf_node>::Take();
  const std::lock_guard lock(handle->mutex);
  handle->node = &node;
  handle->service = service;
  handle->mail = node.handle();
  return handle;
}

void EndNode(jf_node& node) {
  while (jf_channel* channel = node.channels.front()) EndChannel(*channel);
  while (jf_port* port = node.ports.front()) EndPort(*port);
  while (jf_pending* pending = node.pending.front()) CancelPending(*pending);
  while (jf_message* message = node.messages.front()) EndMessage(*message);
  {
    const std::lock_guard lock(node.mutex);
    node.kind = Kind::kNone;
    node.mail = MailboxHandle();
  }
  node.owned.reset();  // tells those who wait
  // They may have opened something, in vain.
  while (jf_message* message = node.messages.front()) EndMessage(*message);
  node.node = nullptr;
  node.service = nullptr;
  Shells<jf_node>::Give(node);
}

namespace {

// Posts `f` to the node's thread. From any thread.
template <class F>
int Post(const char* function, jf_node* node, F f) noexcept {
  try {
    if (node == nullptr) return Say(NotOpen(function, node, Kind::kNode));
    MailboxHandle mail;
    {
      const std::lock_guard lock(node->mutex);
      if (node->kind.load() == Kind::kNode) mail = node->mail;
    }
    if (!mail || !mail.Run(f)) return Say(NotOpen(function, node, Kind::kNode));
    return JF_OK;
  } catch (...) {
    return SayThrown(function, std::current_exception());
  }
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

uint32_t jf_abi(void) { return JF_ABI; }

uint32_t jf_type(const char* method) { return method == nullptr ? 0 : MessageType(method); }

int jf_node_open(const char* name, const jf_node_options* options, jf_node** out) try {
  constexpr const char* kFunction = "jf_node_open";
  jf_node_options known;
  absl::Status status =
      FirstOf(CheckOut(kFunction, out), ReadSized(kFunction, options, known),
              name != nullptr ? absl::OkStatus() : Wrong(kFunction, "the node has no name"));
  if (!status.ok()) return Say(status);
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(
      {.name = name,
       .registry = &Transports(),
       .wait = known.foreign_loop != 0 ? NodeOptions::Wait::kEpoll : NodeOptions::Wait::kAny,
       .memory_bytes_max = known.memory_bytes_max});
  if (!node.ok()) return Say(node.status());
  jf_node* handle = NewNode(**node, nullptr);
  handle->owned = *std::move(node);
  *out = handle;
  return JF_OK;
} catch (...) {
  return SayThrown("jf_node_open", std::current_exception());
}

int jf_node_close(jf_node* node) {
  if (node == nullptr) return JF_OK;
  return Guarded("jf_node_close", node, [node]() -> absl::Status {
    if (absl::Status outside = CheckOutside("jf_node_close", *node); !outside.ok()) return outside;
    if (node->service != nullptr)
      return Misuse("jf_node_close", "the node is its service's, which closes it");
    EndNode(*node);
    return absl::OkStatus();
  });
}

int jf_run(jf_node* node) {
  return Guarded("jf_run", node, [node] {
    absl::Status outside = CheckOutside("jf_run", *node);
    return outside.ok() ? node->node->Run() : outside;
  });
}

int jf_stop(jf_node* node) {
  return Post("jf_stop", node, [node, life = node == nullptr ? 0 : node->life] {
    if (node->node == nullptr || node->life != life) return;  // a service's, and closed by now
    if (node->service != nullptr) return node->service->RequestStop();
    node->node->Interrupt();
    node->node->Stop();
  });
}

int jf_post(jf_node* node, jf_post_fn fn, void* user) {
  if (fn == nullptr) return Say(Wrong("jf_post", "there is no function to call back"));
  return Post("jf_post", node, [fn, user] { fn(user); });
}

int jf_turn(jf_node* node, int64_t sleep_us, int* happened) {
  return Guarded("jf_turn", node, [=]() -> absl::Status {
    if (absl::Status outside = CheckOutside("jf_turn", *node); !outside.ok()) return outside;
    if (sleep_us < JF_FOREVER)
      return Wrong("jf_turn", Text("it cannot sleep ", sleep_us, " us; JF_FOREVER is -1"));
    Node& on = NodeOf(*node);
    int64_t until_ns = Node::kDoNotSleep;
    if (sleep_us == JF_FOREVER)
      until_ns = Timers::kNever;
    else if (sleep_us > 0)
      until_ns = AfterNs(on.clock().NowNs(), Microseconds(sleep_us).count());
    const bool any = on.Turn(until_ns);
    if (happened != nullptr) *happened = any ? 1 : 0;
    return absl::OkStatus();
  });
}

int jf_prepare(jf_node* node, int64_t* sleep_us) {
  return Guarded("jf_prepare", node, [=]() -> absl::Status {
    absl::Status status =
        FirstOf(CheckOutside("jf_prepare", *node), CheckOut("jf_prepare", sleep_us));
    if (!status.ok()) return status;
    Node& on = NodeOf(*node);
    if (!on.PrepareSleep()) {
      *sleep_us = 0;
    } else if (on.wake_ns() == Timers::kNever) {
      *sleep_us = JF_FOREVER;
    } else {
      const int64_t left_ns = on.wake_ns() - on.clock().NowNs();
      *sleep_us = left_ns <= 0 ? 0 : (left_ns - 1) / 1000 + 1;
    }
    return absl::OkStatus();
  });
}

int jf_fd(jf_node* node, int* fd) {
  return Guarded("jf_fd", node, [=]() -> absl::Status {
    if (absl::Status out = CheckOut("jf_fd", fd); !out.ok()) return out;
    *fd = NodeOf(*node).poll_fd();
    return absl::OkStatus();
  });
}
