#include <cstring>
#include <memory>
#include <vector>

#include "kernel/base/text.h"
#include "tools/bench/bus.h"
#include "tools/bench/stamp.h"

namespace jackfield::bench {
namespace {

// Checks every message against what its connection must send next.
class Measured {
 public:
  Measured(Node& node, const Options& options, absl::Status& fault)
      : node_(node),
        stamp_(options.size_bytes),
        received_(options.connections, 0),
        fault_(fault),
        warm_ns_(static_cast<int64_t>(options.seconds * 0.15e9)) {}

  void OnEcho(ServerCall& call) {
    if (!IsNext(call.payload())) return Refuse(call);
    call.Reply(Bytes(call.payload()))
        .IgnoreError();  // a caller that has gone is not the server's matter
  }

  void OnTake(ServerCall& call) {
    if (!IsNext(call.payload())) return Refuse(call);
    const int64_t now_ns =
        node_.now_ns();  // of this turn: one look at the clock for all that came together
    if (taken_.messages++ == 0) warm_until_ns_ = now_ns + warm_ns_;
    if (begin_ns_ != 0) {
      ++taken_.measured;
    } else if (now_ns >= warm_until_ns_) {
      begin_ns_ = NowNs();
    }
  }

  void OnCount(ServerCall& call) {
    if (begin_ns_ != 0) taken_.measured_ns = NowNs() - begin_ns_;
    call.Reply(Bytes(std::as_bytes(std::span(&taken_, 1)))).IgnoreError();
  }

 private:
  bool IsNext(std::span<const std::byte> payload) {
    const uint64_t connection = ConnectionOf(Stamp::SequenceOf(payload));
    return connection < received_.size() &&
           stamp_.Check(MakeSequence(connection, received_[connection]++), payload);
  }

  void Refuse(ServerCall& call) {
    fault_ = absl::DataLossError(Text("a message of ", call.payload().size(),
                                      " bytes that is not the next one its sender sent"));
    if (!call.one_way()) call.Fail(fault_).IgnoreError();
    node_.Stop();
  }

  Node& node_;
  const Stamp stamp_;
  std::vector<uint64_t> received_;  // by connection
  absl::Status& fault_;
  const int64_t warm_ns_;
  int64_t warm_until_ns_ = 0, begin_ns_ = 0;
  Taken taken_;
};

}  // namespace

void ServeMeasured(Node& node, Port& port, const Options& options, absl::Status& fault) {
  auto owned = std::make_unique<Measured>(node, options, fault);
  Measured* measured = owned.get();
  port.Handle(kEcho, [measured](ServerCall& call) { measured->OnEcho(call); });
  port.Handle(kTake, [measured](ServerCall& call) { measured->OnTake(call); });
  port.Handle(kCount, [measured = std::move(owned)](ServerCall& call) { measured->OnCount(call); });
  port.Handle(kStop, [&node](ServerCall& call) {
    call.Reply(Bytes()).IgnoreError();
    node.Stop();  // at the end of this turn, which sends the answer
  });
}

}  // namespace jackfield::bench
