#include "tests/sim/run.h"

#include <memory>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/registry.h"
#include "tests/sim/program.h"

namespace jackfield::sim_test {
namespace {

constexpr int64_t kFaultsUntilNs = 10'000'000;
constexpr int64_t kRunNsMax = 600'000'000'000;  // of virtual time: nothing may take so long
constexpr int64_t kQuietNs =
    3'000'000'000;  // until every acknowledgement has come, every retry is over

template <class T, size_t N>
T Pick(Random& random, const T (&choices)[N]) {
  return choices[random.Below(N)];
}

class Run {
 public:
  explicit Run(uint64_t seed)
      : random_(seed),
        world_(random_.Next(), random_.Chance(0.5) ? 3 : 0),
        scene_{.world = world_,
               .journal = journal_,
               .registry = registry_,
               .address_params = {},
               .port = {},
               .channel = {}} {
    registry_.Add(world_.MakeTransport());
  }

  RunResult Go() {
    SetTheScene();
    world_.AfterTurn([this](const Node& node) {
      for (auto& program : programs_) {
        if (program != nullptr && &program->node() == &node) program->CheckInvariants();
      }
    });
    for (int i = 0; i < scene_.programs; ++i)
      programs_.push_back(std::make_unique<Program>(scene_, i, random_.Next()));
    for (auto& program : programs_) {
      for (uint64_t clients = random_.Below(4); clients > 0; --clients)
        program->StartClient(static_cast<int>(random_.Between(3, 12)));
    }
    for (int i = 0; i < faults_; ++i) {
      world_.At(world_.now_ns() + random_.Between(0, kFaultsUntilNs), [this] { Break(); });
    }
    const int64_t limit_ns = world_.now_ns() + kRunNsMax;
    // Nobody may be told the end of the world while a fault is still planned.
    const int64_t faults_end_ns = world_.now_ns() + kFaultsUntilNs;
    world_.RunUntil(
        [&] {
          return scene_.clients_running == 0 && journal_.open() == 0 &&
                 world_.now_ns() > faults_end_ns;
        },
        limit_ns);
    if (scene_.clients_running != 0)
      journal_.Violate(Text(scene_.clients_running, " clients wait for ever"));
    const int64_t quiet_ns = world_.now_ns() + kQuietNs;
    world_.RunUntil([&] { return world_.now_ns() > quiet_ns; }, quiet_ns + 1);
    for (auto& program : programs_) program->DropEnded();
    world_.RunUntil([&] { return world_.now_ns() > quiet_ns + kQuietNs; }, quiet_ns + kQuietNs + 1);
    world_.Settle();
    world_.Rest();
    if (journal_.open() == 0) {
      for (auto& program : programs_) program->CheckAtRest();
    }
    for (auto& program : programs_) program->TearDown();
    world_.RunUntil([] { return false; }, limit_ns + kQuietNs);
    world_.Rest();
    for (auto& program : programs_) program->CheckGone();
    if (world_.stuck())
      journal_.Violate("the world goes in circles: its nodes never have nothing to do");
    programs_.clear();
    journal_.CheckAll(
        {.had_losses = world_.medium().losses() > 0 || closed_something_ || scene_.closed_any,
         .never_late = never_late_});
    return Result();
  }

 private:
  void SetTheScene() {
    scene_.programs = static_cast<int>(random_.Between(2, 4));
    const DurationRange delays[] = {{0, 0}, {1'000, 50'000}, {1'000, 2'000}, {100'000, 3'000'000}};
    const DurationRange delay = Pick(random_, delays);
    const uint32_t depth = Pick(random_, {1u, 2u, 16u, 256u, 1024u});
    scene_.address_params = Text("?delay=", delay.min_ns, "ns..", delay.max_ns, "ns&depth=", depth);
    SessionLimits session;
    session.window_units = Pick(random_, {1u, 2u, 8u, 64u, 1024u});
    session.stream_items = Pick(random_, {1u, 2u, 64u});
    session.outbox_frames = Pick(random_, {1u, 4u, 256u});
    scene_.port.session = scene_.channel.session = session;
    scene_.port.handlers_max = Pick(random_, {1u, 2u, 16u, 1024u});
    scene_.port.reentrant = random_.Chance(0.1);
    scene_.channel.calls_max = Pick(random_, {1u, 2u, 8u, 256u});
    scene_.channel.on_full =
        Pick(random_, {OnFull::kWait, OnFull::kWait, OnFull::kWait, OnFull::kFail,
                       OnFull::kDropOldest, OnFull::kDropNewest});
    scene_.short_deadlines = random_.Chance(0.5);
    scene_.channel.reconnect = random_.Chance(0.5);
    scene_.may_close = random_.Chance(0.3);
    faults_ = random_.Chance(0.3) ? 0 : static_cast<int>(random_.Between(1, 8));
    // Where nothing is scarce and nothing breaks, no two calls can wait for each other.
    never_late_ = faults_ == 0 && scene_.port.handlers_max >= 1024 &&
                  scene_.channel.calls_max >= 256 && session.window_units >= 64 &&
                  session.outbox_frames >= 256 && depth >= 16 && !scene_.port.reentrant &&
                  !scene_.may_close && scene_.channel.on_full == OnFull::kWait;
    scenario_ = Text(
        scene_.programs, " programs, ", scene_.address_params, ", window ", session.window_units,
        ", items ", session.stream_items, ", outbox ", session.outbox_frames, ", handlers ",
        scene_.port.handlers_max, ", calls ", scene_.channel.calls_max, ", on_full ",
        static_cast<int>(scene_.channel.on_full), scene_.short_deadlines ? ", short deadlines" : "",
        scene_.channel.reconnect ? ", reconnect" : "", scene_.port.reentrant ? ", reentrant" : "",
        ", faults:");
  }

  Program& AnyProgram() { return *programs_[random_.Below(programs_.size())]; }
  SimMedium::InFlight AnyEnd() {
    return random_.Chance(0.5) ? SimMedium::InFlight::kArrives : SimMedium::InFlight::kIsLost;
  }
  void Note(std::string_view fault) { scenario_ += Text(" ", fault, "@", world_.now_ns() / 1000); }

  void Break() {
    SimMedium& medium = world_.medium();
    switch (random_.Below(8)) {
      case 0:
      case 1:
        if (medium.connections() == 0) return;
        Note("cut");
        return medium.Cut(random_.Below(medium.connections()), AnyEnd());
      case 2:
        if (medium.connections() == 0) return;
        Note("stall");
        return medium.Stall(random_.Below(medium.connections()),
                            world_.now_ns() + random_.Between(0, 5'000'000));
      case 3:
        Note("partition");
        return medium.Partition(AnyProgram().node(), AnyProgram().node(),
                                world_.now_ns() + random_.Between(0, 50'000'000));
      case 4:
        Note("pause");
        return world_.Pause(AnyProgram().node(), world_.now_ns() + random_.Between(0, 10'000'000));
      case 5: {
        Note("crash");
        const size_t place = random_.Below(programs_.size());
        medium.Crash(programs_[place]->node(), AnyEnd());
        closed_something_ = true;
        programs_[place].reset();
        programs_[place] =
            std::make_unique<Program>(scene_, static_cast<int>(place), random_.Next());
        if (random_.Chance(0.5)) programs_[place]->StartClient(3);
        return;
      }
      case 6:
        Note("close");
        closed_something_ = true;
        return AnyProgram().CloseChannel();
      default:
        Note("reopen");
        closed_something_ = true;
        return AnyProgram().ReopenPort();
    }
  }

  RunResult Result() {
    RunResult result;
    result.trace_hash = world_.medium().trace_hash();
    result.frames = world_.medium().frames_arrived();
    result.calls = journal_.records().size();
    result.outcomes = journal_.outcomes();
    result.losses = world_.medium().losses();
    result.scenario = scenario_;
    result.violations = journal_.violations();
    return result;
  }

  Random random_;
  Journal journal_;
  Registry registry_;
  SimWorld world_;
  Scene scene_;
  std::vector<std::unique_ptr<Program>> programs_;
  int faults_ = 0;
  bool closed_something_ = false;
  bool never_late_ = false;
  std::string scenario_;
};

}  // namespace

RunResult RunSeed(uint64_t seed) { return Run(seed).Go(); }

}  // namespace jackfield::sim_test
