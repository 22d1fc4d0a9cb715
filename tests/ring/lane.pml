/* Two ends, a lane each way, one bell each: what transports/engine/ring/ring_driver.cc does with
   lane.h, for Spin. Memory is sequentially consistent here (explore_test has the memory orders);
   in return both lanes, both bells, both ends' closing and one death at any step are in one model.

   Each end sends its records and takes what comes. It may close as soon as it has sent its own, or go
   on until the other has closed or died.

   Checked: records come in order, each once, none before it is published; when a lane has ended,
   all that was published in it has been taken; nobody sleeps for ever with work pending.

   Each of these must make Spin find an error (model_test.sh tries them all):
   mutants: SLEEP_WITHOUT_LOOK LOOK_BEFORE_ANNOUNCE WAIT_WITHOUT_LOOK NO_RING_AFTER_PUBLISH
   mutants: NO_RING_AFTER_RELEASE NO_RING_AFTER_CLOSE PUBLISH_BEFORE_WRITE CLOSE_BEFORE_PUBLISH
   mutants: END_WITHOUT_LAST_LOOK DEATH_WITHOUT_LAST_LOOK DEATH_DOES_NOT_RING BELL_FORGETS
   mutants: RING_ONLY_ONCE RELEASE_BEFORE_READ */

#ifndef N
#define N 2 /* records that a lane holds */
#endif
#ifndef K0
#define K0 3 /* records that end 0 sends */
#endif
#ifndef K1
#define K1 2
#endif
#define MINE (me == 0 -> K0 : K1)
#define OTHER (1 - me)

/* Lane i is written by end i. */
byte slot[2 * N];
byte tail[2], waits[2];
bool closed[2];
byte head[2];   /* of lane i: stored by the other end */
byte sleeps[2]; /* of end i */
bool bell[2], asleep[2], dead[2];
byte deaths = 0;

inline MayDie() {
  if
  :: atomic { deaths == 0 -> deaths = 1; dead[me] = true;
#ifndef DEATH_DOES_NOT_RING
     bell[OTHER] = true
#endif
     }
     goto gone
  :: true
  fi
}

inline Ring() {
#ifdef BELL_FORGETS
  if :: asleep[OTHER] -> bell[OTHER] = true :: else fi
#else
  bell[OTHER] = true
#endif
}

/* Rings if `count` says that the other sleeps, once for each sleep. */
inline RingIf(count, rung) {
  seen = count;
  if
#ifdef RING_ONLY_ONCE
  :: (seen & 1) && rung == 0 -> rung = seen; MayDie(); Ring()
#else
  :: (seen & 1) && seen != rung -> rung = seen; MayDie(); Ring()
#endif
  :: else
  fi
}

inline Announce(count) {
  if :: !(count & 1) -> count++ :: else fi;
  MayDie()
}

inline Withdraw(count) {
  if :: (count & 1) -> count++ :: else fi
}

inline Publish() {
  if
  :: tail[me] != written ->
     tail[me] = written;
     MayDie();
#ifndef NO_RING_AFTER_PUBLISH
     RingIf(sleeps[OTHER], rung_reader)
#endif
  :: else
  fi
}

inline Release() {
  if
  :: head[OTHER] != taken ->
     head[OTHER] = taken;
     MayDie();
#ifndef NO_RING_AFTER_RELEASE
     RingIf(waits[OTHER], rung_writer)
#endif
  :: else
  fi
}

/* All that is published: takes it. */
inline Take() {
  seen = tail[OTHER];
  assert(seen - taken <= N);
  do
  :: taken != seen ->
#ifdef RELEASE_BEFORE_READ
     head[OTHER] = taken + 1;
#endif
     assert(slot[OTHER * N + taken % N] == taken + 1);
     taken++
  :: else -> break
  od
}

proctype End(byte me) {
  byte written = 0, head_seen = 0, taken = 0;
  byte rung_reader = 0, rung_writer = 0;
  byte seen = 0, before;
  bool ended = false, may_sleep;

pump:
  Withdraw(sleeps[me]);
  Withdraw(waits[me]);

  /* Records go out as far as there is room. */
  head_seen = head[me];
  assert(written - head_seen <= N);
  do
  :: written < MINE && written - head_seen < N ->
#ifdef PUBLISH_BEFORE_WRITE
     tail[me] = written + 1;
#endif
     slot[me * N + written % N] = written + 1;
     written++;
     MayDie()
  :: else -> break
  od;
#ifdef CLOSE_BEFORE_PUBLISH
  if :: written == MINE -> closed[me] = true; MayDie() :: else fi;
#endif
  Publish();
  if
  :: written == MINE -> goto close
  :: true
  fi;

  /* Records come in. */
  before = taken;
  Take();
  if
  :: taken != before -> before = 0; Release(); seen = 0; goto pump
  :: else
  fi;
  if
  :: closed[OTHER] -> ended = true;
#ifndef END_WITHOUT_LAST_LOOK
     Take();
#endif
     goto end
  :: dead[OTHER] -> ended = true;
#ifndef DEATH_WITHOUT_LAST_LOOK
     Take();
#endif
     goto end
  :: else
  fi;

  /* Nothing to do: may it sleep? What is over is forgotten, for fewer states. */
  seen = 0;
  before = 0;
  may_sleep = true;
  if
  :: written < MINE ->
     Announce(waits[me]);
#ifndef WAIT_WITHOUT_LOOK
     if :: written - head[me] < N -> may_sleep = false :: else fi
#endif
  :: else
  fi;
#ifdef LOOK_BEFORE_ANNOUNCE
  if :: tail[OTHER] != taken || closed[OTHER] -> may_sleep = false :: else fi;
  Announce(sleeps[me]);
#else
  Announce(sleeps[me]);
#ifndef SLEEP_WITHOUT_LOOK
  if :: tail[OTHER] != taken || closed[OTHER] -> may_sleep = false :: else fi;
#endif
#endif
  if
  :: may_sleep && !dead[OTHER] ->
     asleep[me] = true;
end_asleep:
     atomic { bell[me] -> bell[me] = false; asleep[me] = false }
  :: else
  fi;
  goto pump;

end:
  assert(taken == tail[OTHER]);
close:
  closed[me] = true;
  MayDie();
#ifndef NO_RING_AFTER_CLOSE
  Ring();
#endif
gone:
  skip
}

init {
  atomic { run End(0); run End(1) };
  /* Nobody can go on. Then nobody sleeps, or both do, with nothing to do. */
  timeout ->
  assert((!asleep[0] && !asleep[1]) ||
         (asleep[0] && asleep[1] && tail[0] == K0 && tail[1] == K1 && head[0] == K0 && head[1] == K1))
}
