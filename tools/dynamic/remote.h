// A service that this program has never seen, reached at an address, and told by the schema that it
// serves of itself (jackfield.sys.Schema, services/schema): which methods it has, and what their
// messages are.
//
//   absl::StatusOr<std::unique_ptr<Remote>> greeter = Remote::Open(registry, "unix:@greeter", {});
//   absl::Status reached = (*greeter)->Reach();
//   absl::StatusOr<Remote::Found> greet = (*greeter)->Find("Greet");
//
// All of it blocks. SIGINT, SIGTERM and SIGHUP end what blocks, as CANCELLED (interrupted()); they
// are blocked for good from the first Remote on.
//
// Thread: the main one. Ownership: what it returns by pointer is its own.
#ifndef JACKFIELD_TOOLS_DYNAMIC_REMOTE_H_
#define JACKFIELD_TOOLS_DYNAMIC_REMOTE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/call/channel.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "tools/message/schema.h"
#include "tools/supervisor/signals.h"

namespace jackfield::dynamic {

struct RemoteOptions {
  nanoseconds connect_timeout = 1s;  // a service that starts just now is met
  nanoseconds timeout = 5s;          // of each question about its schema
};

class Remote {
 public:
  // Connects in the background. Errors: INVALID_ARGUMENT, FAILED_PRECONDITION (no address, or one
  // that carries no calls), RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Remote>> Open(const Registry& registry,
                                                      std::string_view address,
                                                      const RemoteOptions& options);
  ~Remote();

  // Blocks until it is connected, then asks what there is. Errors: as Channel::WaitOpen; else as
  // Get below.
  absl::Status Reach();
  bool reached() const { return reached_; }  // it was connected

  struct ListedInterface {
    std::string name;
    uint64_t schema_hash;
    std::vector<std::string> methods;  // without the interface
  };
  const std::string& process() const { return process_; }  // its name, or else the address
  const std::vector<ListedInterface>& interfaces() const { return interfaces_; }

  // The schema of an interface that it lists. Errors: FAILED_PRECONDITION: it serves none, or one
  // that cannot be used, and why; the call's.
  absl::StatusOr<message::Schema*> Get(std::string_view interface);

  // An interface by its name, or by the last part of it. Errors: UNIMPLEMENTED, which names the
  // nearest.
  absl::StatusOr<const ListedInterface*> FindListed(std::string_view name) const;

  // "greet.Greeter/Greet"; "Greet" where only one of its interfaces has that method.
  // Errors: UNIMPLEMENTED: "greeter has no method \"Gret\"; did you mean \"Greet\"?";
  // INVALID_ARGUMENT: more than one has it; those of Get.
  struct Found {
    message::Schema* schema;
    const Method* method;
  };
  absl::StatusOr<Found> Find(std::string_view name);

  Channel& channel() { return *channel_; }
  Node& node() { return *node_; }
  bool interrupted() const { return node_->interrupted(); }

 private:
  Remote(std::unique_ptr<Node> node, const RemoteOptions& options);
  static void OnSignal(Op& op, int32_t result);
  absl::Status List();
  absl::StatusOr<std::string> FullNameOf(std::string_view method) const;
  absl::Status WithoutSchema(const absl::Status& why) const;

  std::unique_ptr<Node> node_;
  Signals signals_;
  Op signal_op_{OnSignal, this};
  const RemoteOptions options_;
  std::unique_ptr<Channel> channel_;
  bool reached_ = false;
  std::string process_;
  std::vector<ListedInterface> interfaces_;
  std::map<std::string, std::unique_ptr<message::Schema>, std::less<>> schemas_;
};

}  // namespace jackfield::dynamic

#endif  // JACKFIELD_TOOLS_DYNAMIC_REMOTE_H_
