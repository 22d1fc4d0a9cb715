// Messages that came.
#include <utility>

#include "bindings/c/guard.h"

namespace jackfield::c {

jf_message* NewMessage(jf_node& node, Message message) {
  jf_message* handle = node.free_messages.Take();
  handle->node = &node;
  handle->owned = std::move(message);
  handle->view = &handle->owned;
  node.messages.PushBack(*handle);
  return handle;
}

jf_message* LendMessage(jf_node& node, MessageView& view) {
  jf_message* handle = node.free_messages.Take();
  handle->node = &node;
  handle->view = &view;
  node.messages.PushBack(*handle);
  return handle;
}

void EndMessage(jf_message& message) {
  message.Unlink();
  message.owned = Message();
  message.view = nullptr;
  std::exchange(message.node, nullptr)->free_messages.Give(message);
}

void Tell(jf_node& node, jf_answer_fn fn, void* user, absl::StatusOr<Message> got) {
  int status = JF_OK;
  jf_message* message = nullptr;
  if (got.ok()) {
    try {
      message = NewMessage(node, *std::move(got));
    } catch (...) {
      status = SayThrown("an answer came", std::current_exception());
    }
  } else {
    status = Say(got.status());
  }
  fn(user, status, message);
}

namespace {

bool IsOpen(const jf_message* message) {
  const absl::Status status = CheckHandle("jf_message_data", message);
  if (!status.ok()) Say(status);
  return status.ok();
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield::c;  // NOLINT: the functions of the ABI lie outside

const void* jf_message_data(const jf_message* message, size_t* bytes) {
  if (bytes != nullptr) *bytes = 0;
  if (!IsOpen(message)) return nullptr;
  const std::span<const std::byte> payload = message->view->payload();
  if (bytes != nullptr) *bytes = payload.size();
  static constexpr uint64_t kEmpty = 0;  // an empty payload is no NULL
  return payload.data() != nullptr ? static_cast<const void*>(payload.data()) : &kEmpty;
}

int jf_message_fd(jf_message* message, size_t i) {
  return IsOpen(message) ? message->view->TakeFd(i) : -1;
}

int jf_message_free(jf_message* message) {
  if (message == nullptr) return JF_OK;
  return Guarded("jf_message_free", message, [message]() -> absl::Status {
    if (message->view != &message->owned)
      return Misuse("jf_message_free", "the message is its request's, and ends with it");
    EndMessage(*message);
    return absl::OkStatus();
  });
}
