#include "transports/engine/one_link_opening.h"

#include <utility>

namespace jackfield {
namespace {

class OneLinkOpening final : public Opening {
 public:
  OneLinkOpening(Loop& loop, LinkSink& sink, Address actual, Role role,
                 std::unique_ptr<LinkDriver> driver, LinkTraits traits, std::function<void()> after)
      : loop_(loop),
        sink_(sink),
        actual_(std::move(actual)),
        role_(role),
        driver_(std::move(driver)),
        traits_(std::move(traits)),
        after_(std::move(after)),
        timer_([](Timer& timer) { static_cast<OneLinkOpening*>(timer.user)->Begin(); }, this) {
    loop_.timers().Arm(timer_, 0);
  }
  ~OneLinkOpening() override {
    loop_.timers().Cancel(timer_);
    driver_.reset();
    after_();
  }

 private:
  void Begin() {
    if (role_ == Role::kServe) sink_.OnServing(actual_);
    sink_.OnLink(std::move(driver_), std::move(traits_));
  }

  Loop& loop_;
  LinkSink& sink_;
  const Address actual_;
  const Role role_;
  std::unique_ptr<LinkDriver> driver_;
  LinkTraits traits_;
  const std::function<void()> after_;
  Timer timer_;
};

}  // namespace

std::unique_ptr<Opening> MakeOneLinkOpening(Loop& loop, LinkSink& sink, Address actual, Role role,
                                            std::unique_ptr<LinkDriver> driver, LinkTraits traits,
                                            std::function<void()> after) {
  return std::make_unique<OneLinkOpening>(loop, sink, std::move(actual), role, std::move(driver),
                                          std::move(traits), std::move(after));
}

}  // namespace jackfield
