// Calls are followed on their way through the shop, and the time of each is where it went.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/shop/running_shop.h"
#include "tests/e2e/shop/table.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class TracedShop : public RunningShop {
 protected:
  ~TracedShop() override { Down(); }
};

TEST_F(TracedShop, TheSlowestOrdersAreListedAndOneIsDrawn) {
  const std::string text = OutputOf({"trace", "-q", "-w", wiring_, "-n", "3", "--one-in", "10"});
  EXPECT_TRUE(Contains(text, "gate → orders  jackfield.shop.Orders/Place")) << text;
  EXPECT_TRUE(Contains(text, "orders → stock")) << text;
  EXPECT_TRUE(Contains(text, "▕")) << text;
  EXPECT_FALSE(Contains(text, "jackfield.control")) << "the tools' own calls: " << text;
  // The first word of the first row is the beginning of a trace's id.
  const std::string row = text.substr(text.find('\n') + 1);
  const std::string id = row.substr(0, row.find(' '));
  const std::string again = OutputOf({"trace", "-w", wiring_, id});
  EXPECT_TRUE(Contains(again, "trace " + id)) << again;
}

TEST_F(TracedShop, OneCallIsDrawnWithWhatWasDoneOnItsBehalf) {
  Command call({"call", "-w", wiring_, "orders/Place", "{\"id\":7,\"item\":\"Tea\"}", "--trace"});
  call.Wait();
  EXPECT_TRUE(Contains(call.err(), "jackfield → orders")) << call.err();
  EXPECT_TRUE(Contains(call.err(), "orders → stock")) << call.err();
  EXPECT_FALSE(Contains(call.err(), "alone")) << "both ends of each call: " << call.err();
}

TEST_F(TracedShop, TheFilesOfOthersHaveEachService) {
  const std::string otlp = OutputOf({"trace", "-w", wiring_, "-o", "otlp"});
  EXPECT_TRUE(Contains(otlp, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"stock\"}}"))
      << otlp.substr(0, 2000);
  const std::string chrome = OutputOf({"trace", "-w", wiring_, "--last", "-o", "chrome"});
  EXPECT_TRUE(Contains(chrome, "\"args\":{\"name\":\"stock\"}")) << chrome.substr(0, 2000);
}

TEST_F(TracedShop, ATraceThatNobodyHasIsSaid) {
  Command trace({"trace", "-w", wiring_, "zz"});
  EXPECT_EQ(trace.Wait(), 1);
  EXPECT_TRUE(Contains(trace.err(), "no trace begins with \"zz\"")) << trace.err();
  Command format({"trace", "-w", wiring_, "-o", "xml"});
  EXPECT_EQ(format.Wait(), 2);
  EXPECT_TRUE(Contains(format.err(), "--output is table, json, chrome or otlp, not \"xml\""))
      << format.err();
}

}  // namespace
}  // namespace jackfield
