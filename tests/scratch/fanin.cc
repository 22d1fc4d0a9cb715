#include <unistd.h>
#include <sys/wait.h>
#include <sys/prctl.h>
#include <signal.h>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "kernel/channel.h"
#include "kernel/port.h"
#include "kernel/registry.h"
#include "transports/builtin.h"
using namespace jackfield;
constexpr uint32_t kEcho = MessageType("Echo/Say");
struct Gen { Channel* c; uint64_t* n; std::string* p; void Go() { auto s = c->CallAsync(kEcho, Bytes(*p), {}, [this](absl::StatusOr<Message> r){ if(!r.ok()) { fprintf(stderr,"%s\n",std::string(r.status().message()).c_str()); return;} ++*n; Go(); }); if(!s.ok()) fprintf(stderr,"start %s\n",std::string(s.message()).c_str()); } };
int main(int argc, char** argv) {
  std::string addr = argc > 1 ? argv[1] : "unix:@jf-fan"; int N = argc>2?atoi(argv[2]):16, D=argc>3?atoi(argv[3]):16; double secs=2;
  bool oneway = argc>4;
  Registry registry; AddBuiltinTransports(registry);
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto node = Node::Create({.name="echo", .registry=&registry});
    auto port = Port::Open(**node, {addr});
    static uint64_t got=0;
    (*port)->Handle(kEcho, [](ServerCall& call) { if (call.one_way()) { got++; return; } call.Reply(Bytes(call.payload())).IgnoreError(); });
    (*node)->Run();
  }
  auto node = Node::Create({.name="client", .registry=&registry});
  std::vector<std::unique_ptr<Channel>> cs; uint64_t n=0; std::string payload(64,'x');
  std::vector<Gen> gens; gens.reserve(N*D);
  for (int i=0;i<N;i++){ auto c=Channel::Open(**node, addr); auto s=(*c)->WaitOpen(); if(!s.ok()) {fprintf(stderr,"%s\n",std::string(s.message()).c_str());return 1;} cs.push_back(std::move(*c)); }
  SystemClock clock;
  if (oneway) { auto& c=*cs[0]; int64_t a=clock.NowNs(), end=a+secs*1e9; while(clock.NowNs()<end) for(int i=0;i<1000;i++){ auto s=c.Send(kEcho, Bytes(payload)).Wait(); if(!s.ok()){fprintf(stderr,"%s\n",std::string(s.message()).c_str());return 1;} n++; } auto r=c.Close(2000000); printf("oneway %.2f M/s handled %lu of %lu\n", n/((clock.NowNs()-a)/1e9)/1e6, r.handled, n); }
  else {
  for (auto& c: cs) for(int d=0;d<D;d++) gens.push_back({c.get(),&n,&payload});
  for (auto& g: gens) g.Go();
  (*node)->RunUntil([]{return false;}, clock.NowNs()+300000000);
  n=0; int64_t a=clock.NowNs(); (*node)->RunUntil([]{return false;}, a+secs*1e9);
  printf("%d x %d: %.2f M calls/s\n", N,D, n/((clock.NowNs()-a)/1e9)/1e6); }
  cs.clear();
  kill(child,SIGKILL); waitpid(child,0,0);
}
