// A pool over real channels: workers and their client share one node, each worker has a port.
#include "jackfield/pool.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "jackfield/node.h"
#include "jackfield/outcome.h"
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "kernel/base/text.h"
#include "services/pool/worker_service.h"

namespace jackfield::pool {
namespace {

constexpr auto kWork = [](auto& fbb) { return CreateWork(fbb, 7); };

// What a worker does with what it is given.
enum class Does { kAnswers, kFails, kHolds };

class OneWorker final : public WorkerService {
 public:
  OneWorker(Node& node, std::string name, std::string address)
      : node_(node), name_(std::move(name)), address_(std::move(address)) {
    Start();
  }

  void Start() {
    port_ = Port::Open(node_, {address_}).value();
    RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok());
    address_ = port_->addresses()[0].ToString();
  }
  // As a process that dies.
  void Die() { port_.reset(); }

  Handling Do(CallOf<Work, Done> call) override { return Handle(std::move(call)); }
  Handling Once(CallOf<Work, Done> call) override { return Handle(std::move(call)); }
  Handling Note(OneWayOf<Work>) override {
    ++notes;
    return absl::OkStatus();
  }

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }

  Does does = Does::kAnswers;
  bool dies_of_it = false;  // of a call that it holds
  int calls = 0, notes = 0, cancelled = 0;

 private:
  Handling Handle(CallOf<Work, Done> call) {
    ++calls;
    if (does == Does::kFails) co_return absl::FailedPreconditionError("not today");
    if (does == Does::kHolds) {
      if (dies_of_it) node_.Defer([this] { Die(); });
      while (!call.cancelled()) co_await node_.Sleep(1ms);
      ++cancelled;
      co_return absl::CancelledError("");
    }
    co_return call.Reply([this](auto& fbb) { return CreateDoneDirect(fbb, name_.c_str()); });
  }

  Node& node_;
  const std::string name_;
  std::string address_;
  std::unique_ptr<Port> port_;
};

class PoolTest : public testing::Test {
 protected:
  PoolTest() {
    AddBuiltinTransports(registry_);
    node_ = Node::Create({.name = "boss", .registry = &registry_}).value();
  }

  void MakeWorkers(int count, ChannelOptions options = {}) {
    Grants grants;
    grants.name = "boss";
    for (int i = 1; i <= count; ++i) {
      workers_.push_back(std::make_unique<OneWorker>(*node_, Text("worker.", i), "unix:"));
      grants.calls.push_back({"worker", workers_.back()->address(), workers_.back()->name()});
    }
    service_ = std::make_unique<Service>(*node_, std::move(grants), nullptr);
    absl::StatusOr<Pool<WorkerClient>> pool =
        Pool<WorkerClient>::Open(*service_, "worker", options);
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = std::make_unique<Pool<WorkerClient>>(*std::move(pool));
    for (size_t i = 0; i < pool_->size(); ++i) ASSERT_TRUE(pool_->channel(i).WaitOpen().ok());
  }
  static std::string WhoDid(const absl::StatusOr<MessageOf<Done>>& done) {
    return done.ok() ? (*done)->worker()->str() : std::string(done.status().message());
  }
  // The result of a call that is awaited in a coroutine.
  template <class Begin>
  absl::StatusOr<MessageOf<Done>> Await(Begin begin) {
    std::optional<absl::StatusOr<MessageOf<Done>>> result;
    node_->Spawn(Awaiting(*node_, begin, result));
    node_->RunUntil([&] { return result.has_value(); });
    return *std::move(result);
  }
  int Calls() const {
    int calls = 0;
    for (const auto& worker : workers_) calls += worker->calls;
    return calls;
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  std::vector<std::unique_ptr<OneWorker>> workers_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Pool<WorkerClient>> pool_;

 private:
  template <class Begin>
  static Task<void> Awaiting([[maybe_unused]] Node& node, Begin begin,
                             std::optional<absl::StatusOr<MessageOf<Done>>>& result) {
    result = co_await begin();
  }
};

TEST_F(PoolTest, OneAsksEachOfThemNowAndThen) {
  MakeWorkers(3);
  std::set<std::string> who;
  for (int i = 0; i < 100; ++i) who.insert(WhoDid(pool_->One().Do(kWork).Wait()));
  EXPECT_EQ(who, (std::set<std::string>{"worker.1", "worker.2", "worker.3"}));
  EXPECT_EQ(pool_->name(1), "worker.2");
}

TEST_F(PoolTest, OneThatHoldsItsCallsIsPassedOver) {
  MakeWorkers(2);
  workers_[0]->does = Does::kHolds;
  const Future<MessageOf<Done>> held = pool_->At(0).DoFuture(kWork);
  node_->RunUntil([this] { return workers_[0]->calls == 1; });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(WhoDid(pool_->One().Do(kWork).Wait()), "worker.2");
  EXPECT_EQ(workers_[0]->calls, 1);
}

TEST_F(PoolTest, OneThatIsFullIsPassedOver) {
  MakeWorkers(2, {.calls_max = 2});
  workers_[0]->does = workers_[1]->does = Does::kHolds;
  std::vector<Future<MessageOf<Done>>> held;
  for (int i = 0; i < 4; ++i) held.push_back(pool_->One().DoFuture(kWork));
  node_->RunUntil([this] { return Calls() == 4; });
  EXPECT_EQ(workers_[0]->calls, 2);
  EXPECT_EQ(workers_[1]->calls, 2);
}

TEST_F(PoolTest, OneThatIsGoneIsPassedOverUntilItIsBack) {
  MakeWorkers(2);
  workers_[0]->Die();
  node_->RunUntil([this] { return !pool_->channel(0).open(); });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(WhoDid(pool_->One().Do(kWork).Wait()), "worker.2");
  workers_[0]->Start();
  ASSERT_TRUE(pool_->channel(0).WaitOpen().ok());
  std::set<std::string> who;
  for (int i = 0; i < 100; ++i) who.insert(WhoDid(pool_->One().Do(kWork).Wait()));
  EXPECT_EQ(who.size(), 2u);
}

TEST_F(PoolTest, AKeyHasItsServer) {
  MakeWorkers(3);
  std::set<std::string> all;
  for (uint64_t key = 0; key < 50; ++key) {
    const std::string who = WhoDid(pool_->For(key).Do(kWork).Wait());
    all.insert(who);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(WhoDid(pool_->For(key).Do(kWork).Wait()), who) << key;
  }
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(WhoDid(pool_->For("Ada").Do(kWork).Wait()), WhoDid(pool_->For("Ada").Do(kWork).Wait()));
}

TEST_F(PoolTest, AKeyWaitsForItsServerWhenThatIsAway) {
  MakeWorkers(3);
  const std::string who = WhoDid(pool_->For("Ada").Do(kWork).Wait());
  const size_t its = static_cast<size_t>(who.back() - '1');
  workers_[its]->Die();
  node_->RunUntil([&] { return !pool_->channel(its).open(); });
  Future<MessageOf<Done>> done = pool_->For("Ada").DoFuture(kWork);
  workers_[its]->Start();
  EXPECT_EQ(WhoDid(done.Wait()), who);
}

// ---- Surveys.

TEST_F(PoolTest, AllAsksEachAndReturnsEachAnswer) {
  MakeWorkers(3);
  workers_[1]->does = Does::kFails;
  const auto answers = pool_->All([](auto& client) { return client.Do(kWork); }).Wait();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(WhoDid(answers[0]), "worker.1");
  EXPECT_EQ(answers[1].status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(WhoDid(answers[2]), "worker.3");
}

TEST_F(PoolTest, AQuorumEndsASurveyAndTheRestIsCancelled) {
  MakeWorkers(3);
  workers_[2]->does = Does::kHolds;
  const auto answers =
      pool_->All([](auto& client) { return client.Do(kWork); }, {.quorum = 2}).Wait();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_TRUE(answers[0].ok() && answers[1].ok());
  EXPECT_EQ(answers[2].status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(OutcomeOf(answers[2].status()), Outcome::kInDoubt);
  EXPECT_EQ(answers[2].status().message(),
            "worker.3 was given up when enough others had answered; the call may have run");
  node_->RunUntil([this] { return workers_[2]->cancelled == workers_[2]->calls; });
}

TEST_F(PoolTest, AQuorumThatIsNotReachedIsWhatHasBeenAnswered) {
  MakeWorkers(2);
  workers_[0]->does = Does::kFails;
  const auto answers =
      pool_->All([](auto& client) { return client.Do(kWork); }, {.quorum = 2}).Wait();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_FALSE(answers[0].ok());
  EXPECT_TRUE(answers[1].ok());
}

TEST_F(PoolTest, ADeadlineEndsASurvey) {
  MakeWorkers(2);
  workers_[0]->does = Does::kHolds;
  const auto answers =
      pool_->All([](auto& client) { return client.Do(kWork); }, {.timeout = 50ms}).Wait();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(OutcomeOf(answers[0].status()), Outcome::kInDoubt);
  EXPECT_EQ(WhoDid(answers[1]), "worker.2");
}

TEST_F(PoolTest, AllSendsOneWayMessagesToEach) {
  MakeWorkers(2);
  const std::vector<absl::Status> sent =
      pool_->All([](auto& client) { return client.Note(kWork); }).Wait();
  EXPECT_EQ(sent, (std::vector<absl::Status>{absl::OkStatus(), absl::OkStatus()}));
  node_->RunUntil([this] { return workers_[0]->notes == 1 && workers_[1]->notes == 1; });
}

TEST_F(PoolTest, ASurveyThatIsDestroyedCancelsItsCalls) {
  MakeWorkers(2);
  workers_[0]->does = workers_[1]->does = Does::kHolds;
  {
    auto survey = pool_->All([](auto& client) { return client.Do(kWork); });
    EXPECT_FALSE(survey.await_ready());
    node_->RunUntil([this] { return Calls() == 2; });
  }
  node_->RunUntil([this] { return workers_[0]->cancelled + workers_[1]->cancelled == 2; });
}

// ---- Calls that are made again.

TEST_F(PoolTest, AnIdempotentCallInDoubtGoesToAnotherServer) {
  for (const bool awaited : {false, true}) {
    workers_.clear();
    pool_.reset();
    MakeWorkers(2);
    for (const auto& worker : workers_) worker->does = Does::kHolds;
    workers_[0]->dies_of_it = true;
    workers_[1]->does = Does::kAnswers;
    // Until the first one is drawn, which then dies of it.
    while (workers_[0]->calls == 0) {
      const auto done = awaited ? Await([this] { return pool_->One().Do(kWork); })
                                : pool_->One().Do(kWork).Wait();
      EXPECT_EQ(WhoDid(done), "worker.2");
    }
  }
}

TEST_F(PoolTest, ACallThatIsNotIdempotentIsMadeOnce) {
  MakeWorkers(2);
  for (const auto& worker : workers_) {
    worker->does = Does::kHolds;
    worker->dies_of_it = true;
  }
  const auto done = pool_->One().Once(kWork).Wait();
  EXPECT_EQ(OutcomeOf(done.status()), Outcome::kInDoubt) << done.status();
  EXPECT_EQ(Calls(), 1);
}

TEST_F(PoolTest, ACallIsMadeThreeTimesAtMost) {
  MakeWorkers(5);
  for (const auto& worker : workers_) {
    worker->does = Does::kHolds;
    worker->dies_of_it = true;
  }
  const auto done = pool_->One().Do(kWork).Wait();
  EXPECT_EQ(OutcomeOf(done.status()), Outcome::kInDoubt) << done.status();
  EXPECT_EQ(Calls(), 3);
  EXPECT_NE(done.status().message().find("; tried 3 times"), std::string::npos) << done.status();
}

TEST_F(PoolTest, ByKeyItIsMadeAgainAtTheSameServerWhenThatIsBack) {
  MakeWorkers(3);
  const std::string who = WhoDid(pool_->For("Ada").Do(kWork).Wait());
  OneWorker& its = *workers_[static_cast<size_t>(who.back() - '1')];
  its.does = Does::kHolds;
  its.dies_of_it = true;
  std::optional<absl::StatusOr<MessageOf<Done>>> done;
  const auto call = [&](Node&) -> Task<void> { done = co_await pool_->For("Ada").Do(kWork); };
  const int before = Calls();
  node_->Spawn(call(*node_));
  node_->RunUntil([&] { return Calls() == before + 1; });
  node_->RunUntil([&] { return !pool_->channel(static_cast<size_t>(who.back() - '1')).open(); });
  its.does = Does::kAnswers;
  its.Start();
  node_->RunUntil([&] { return done.has_value(); });
  EXPECT_EQ(WhoDid(*done), who);
}

TEST_F(PoolTest, AnAnswerThatIsAnErrorIsAnAnswer) {
  MakeWorkers(2);
  for (const auto& worker : workers_) worker->does = Does::kFails;
  EXPECT_EQ(pool_->One().Do(kWork).Wait().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Calls(), 1);
}

TEST_F(PoolTest, ACallThatIsDestroyedIsNotMadeAgain) {
  MakeWorkers(2);
  for (const auto& worker : workers_) worker->does = Does::kHolds;
  {
    const auto call = [&](Node&) -> Task<void> {
      static_cast<void>(co_await pool_->One().Do(kWork));
    };
    Task<void> task = call(*node_);
    task.Start([](void*) {}, nullptr);
    node_->RunUntil([this] { return Calls() == 1; });
  }
  node_->RunUntil([this] { return workers_[0]->cancelled + workers_[1]->cancelled == 1; });
  EXPECT_EQ(Calls(), 1);
}

// ---- What a pool is made of.

TEST_F(PoolTest, HasOneTo64Servers) {
  EXPECT_EQ(Pool<WorkerClient>::Make({}).status().message(), "a pool has 1 to 64 servers, not 0");
  MakeWorkers(1);
  const auto channels = [this](size_t count) {
    std::vector<Service::Server> servers;
    for (size_t i = 0; i < count; ++i)
      servers.push_back(
          {Text("worker.", i), Channel::Open(*node_, workers_[0]->address()).value()});
    return servers;
  };
  EXPECT_TRUE(Pool<WorkerClient>::Make(channels(kServersOfRoleMax)).ok());
  EXPECT_EQ(Pool<WorkerClient>::Make(channels(kServersOfRoleMax + 1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::vector<Service::Server> twice = channels(2);
  twice[1].name = twice[0].name;
  EXPECT_EQ(Pool<WorkerClient>::Make(std::move(twice)).status().message(),
            "the server worker.0 is in a pool twice");
}

TEST_F(PoolTest, ARoleOfOneServerIsAPoolToo) {
  MakeWorkers(1);
  EXPECT_EQ(WhoDid(pool_->One().Do(kWork).Wait()), "worker.1");
  EXPECT_EQ(WhoDid(pool_->For("Ada").Do(kWork).Wait()), "worker.1");
  EXPECT_EQ(pool_->All([](auto& client) { return client.Do(kWork); }).Wait().size(), 1u);
}

TEST_F(PoolTest, WhoIsNotGrantedTheRoleIsToldSo) {
  MakeWorkers(1);
  const auto pool = Pool<WorkerClient>::Open(*service_, "workers");
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_NE(pool.status().message().find("did it mean \"worker\"?"), std::string::npos);
}

}  // namespace
}  // namespace jackfield::pool
