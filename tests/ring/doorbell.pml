/* SPDX-License-Identifier: MIT */
/*
 * The sleep and wake protocols of ring/wakeup.h, with the processor's store
 * buffers: a store becomes visible to the other side some time after it was
 * made, in order, and a load of one's own does not wait for it. Everything
 * below works for a while and then stops. The property is that everything is
 * served at last, given that every side that can go on does: a wake-up that is
 * lost leaves a side asleep, and what it was to be woken for undone.
 *
 * -DBELL    the remote sleeps on its bell. The proxy posts POSTS requests. The
 *           remote goes to FAST and back as it likes.
 * -DFUTEX   the proxy's threads (two, one slot each) sleep on the futex word of
 *           their slot; the remote answers both.
 *
 * -DWATCH   the proxy polls the interrupt line, or stops and is notified. The
 *           remote raises it RISES times, each time after it was lowered.
 *
 * -DACK     the guest acknowledges each interrupt by a write that does not wake a
 *           sleeping remote, reads a register, and then looks for completions.
 *           The remote completes EVENTS things when it likes, and interrupts for
 *           each unless an interrupt is pending.
 * -DLOOKS   (with ACK) the read does not ask a remote that is awake either. The
 *           device looks into the ring before it coalesces an interrupt; if the
 *           pending one has been acknowledged, another follows.
 * -DHURRY   (with ACK) the remote goes to FAST and back as it likes.
 *
 * Mutations, each of which must fail:
 * -DNO_PROXY_FENCE    (BELL, ACK) the proxy does not fence when the bell is not FAST
 * -DNO_BARRIER_ALL    (BELL, ACK HURRY) the remote leaves FAST with a fence of its own
 *                     only
 * -DNO_REMOTE_FENCE   (any)   the remote does not fence
 * -DNO_SECOND_LOOK    (BELL, WATCH) the sleeper does not look again after arming
 * -DNO_SLEEPER_FENCE  (FUTEX, WATCH) the sleeper does not fence after saying so
 * -DNO_WAKE_FENCE     (ACK)   the remote does not fence when it has woken
 * -DNO_FIRST_LOOK     (ACK)   the remote, woken, completes something before it looks
 *                     into the ring
 * -DNO_ARM_RELEASE    (ACK)   that the remote sleeps is seen before what it completed
 * -DNO_LOOK_ACQUIRE   (ACK)   the guest looks what has been completed before it is
 *                     known that the remote sleeps
 * -DNO_READ_FENCE     (ACK LOOKS HURRY) a read that asks nobody does not fence
 * -DNO_RAISE_FENCE    (ACK LOOKS) the device does not fence before it looks
 * -DNO_RAISE_LOOK     (ACK LOOKS) it does not look
 */

/* One store buffer for each side, one entry for each word that it stores to;
 * entries leave in the order in which they came, or whenever a barrier drains
 * them. Two words a side are all that these protocols order. */

#ifdef BELL

#define POSTS 3
#define FAST 0
#define FENCED 1
#define ARMED 2

byte posted = 0;  /* visible: requests in the ring */
byte bell = FENCED; /* visible */
bool rung = false;  /* the socket has a byte; system calls are not delayed */
bool served = false; /* the remote has taken every request */

/* The proxy's store buffer: its posted requests. (It changes the bell by a
 * locked instruction only.) The remote's: the bell. */
byte proxy_posted = 0;
bool proxy_pending = false;
byte remote_bell = FENCED;
bool remote_pending = false;

inline drain_proxy()
{
	atomic {
		if
		:: proxy_pending -> posted = proxy_posted; proxy_pending = false
		:: else
		fi
	}
}

inline drain_remote()
{
	atomic {
		if
		:: remote_pending -> bell = remote_bell; remote_pending = false
		:: else
		fi
	}
}

inline remote_store_bell(value)
{
	/* A second store to the same word waits behind the first. */
	drain_remote();
	atomic { remote_bell = value; remote_pending = true }
}

/* The processors, at any time. */
active proctype drain()
{
end:
	do
	:: atomic { proxy_pending -> posted = proxy_posted; proxy_pending = false }
	:: atomic { remote_pending -> bell = remote_bell; remote_pending = false }
	od
}

active proctype proxy()
{
	byte n = 0, seen;

	do
	:: n < POSTS ->
		n++;
		drain_proxy();
		atomic { proxy_posted = n; proxy_pending = true };
		seen = bell;
		if
		:: seen == FAST -> skip
		:: else ->
#ifndef NO_PROXY_FENCE
			drain_proxy();
#endif
			seen = bell;
			if
			:: seen == ARMED ->
				/* Compare and swap: drains and is atomic. */
				atomic {
					drain_proxy();
					if
					:: bell == ARMED -> bell = FENCED; seen = ARMED
					:: else -> seen = FENCED
					fi
				};
				if
				:: seen == ARMED -> rung = true
				:: else
				fi
			:: else
			fi
		fi
	:: else -> break
	od
}

active proctype remote()
{
	byte taken = 0;
	bool fast = false;

	do
	:: taken == POSTS -> break
	:: taken < POSTS && posted > taken -> taken++
	:: taken < POSTS && !fast -> remote_store_bell(FAST); fast = true
	:: taken < POSTS && posted == taken ->
		remote_store_bell(ARMED);
#ifndef NO_REMOTE_FENCE
		drain_remote();
#endif
#ifndef NO_BARRIER_ALL
		if
		:: fast -> drain_proxy()
		:: else
		fi;
#endif
		fast = false;
#ifndef NO_SECOND_LOOK
		if
		:: posted > taken -> goto awake
		:: else
		fi;
#endif
		/* Asleep until rung. */
		rung;
awake:
		rung = false;
		remote_store_bell(FENCED)
	od;
	served = true
}

ltl all_is_served { <> served }

#endif
#ifdef FUTEX

#define READERS 2

bool answered[READERS]; /* visible: the slots' words */
byte sleepers = 0;	/* visible; changed by locked instructions */
bool queued[READERS];	/* asleep in the kernel, on that slot's word */

bool remote_answered[READERS]; /* the remote's store buffer */
bool remote_pending[READERS];

/* The additions of both readers; under mutation they may be delayed. */
byte add_pending[READERS];
byte served = 0; /* readers with their answer */

inline drain_remote()
{
	atomic {
		if
		:: remote_pending[0] -> answered[0] = true; remote_pending[0] = false
		:: else
		fi;
		if
		:: remote_pending[1] -> answered[1] = true; remote_pending[1] = false
		:: else
		fi
	}
}

active proctype drain()
{
end:
	do
	:: atomic { remote_pending[0] -> answered[0] = true; remote_pending[0] = false }
	:: atomic { !remote_pending[0] && remote_pending[1] ->
		    answered[1] = true; remote_pending[1] = false }
	:: atomic { add_pending[0] -> sleepers++; add_pending[0] = 0 }
	:: atomic { add_pending[1] -> sleepers++; add_pending[1] = 0 }
	od
}

active [READERS] proctype reader()
{
	byte me = _pid - 1;

	do
	:: answered[me] -> break
	:: else ->
		atomic { add_pending[me] = 1 };
#ifndef NO_SLEEPER_FENCE
		atomic {
			if
			:: add_pending[me] -> sleepers++; add_pending[me] = 0
			:: else
			fi
		};
#endif
		/* The kernel looks and queues under one lock. */
		atomic {
			if
			:: !answered[me] -> queued[me] = true
			:: else
			fi
		};
		/* Asleep until woken. */
		!queued[me];
		/* A locked instruction: its own addition is visible first. */
		atomic {
			if
			:: add_pending[me] -> add_pending[me] = 0
			:: else -> sleepers--
			fi
		}
	od;
	served++
}

active proctype remote()
{
	byte slot = 0;

	do
	:: slot < READERS ->
		atomic { remote_pending[slot] = true };
#ifndef NO_REMOTE_FENCE
		drain_remote();
#endif
		if
		:: sleepers > 0 -> drain_remote(); queued[slot] = false
		:: else
		fi;
		slot++
	:: else -> break
	od
}

ltl all_is_served { <> (served == READERS) }

#endif
#ifdef WATCH

#define RISES 3
#define ARMED 1
#define LOOKING 2

byte raised = 0;      /* visible: the line is high while raised > taken */
byte taken = 0;	      /* interrupts that the guest has served; it makes the line fall */
byte watch = LOOKING; /* visible */
bool told = false;    /* the eventfd; system calls are not delayed */

/* The proxy's store buffer: the watch. The remote's: the line. */
byte proxy_watch = LOOKING;
bool proxy_pending = false;
byte remote_raised = 0;
bool remote_pending = false;

inline drain_proxy()
{
	atomic {
		if
		:: proxy_pending -> watch = proxy_watch; proxy_pending = false
		:: else
		fi
	}
}

inline drain_remote()
{
	atomic {
		if
		:: remote_pending -> raised = remote_raised; remote_pending = false
		:: else
		fi
	}
}

inline proxy_store_watch(value)
{
	drain_proxy();
	atomic { proxy_watch = value; proxy_pending = true }
}

active proctype drain()
{
end:
	do
	:: atomic { proxy_pending -> watch = proxy_watch; proxy_pending = false }
	:: atomic { remote_pending -> raised = remote_raised; remote_pending = false }
	od
}

active proctype remote()
{
	byte n = 0, seen;

	do
	:: n < RISES && taken == n ->
		n++;
		drain_remote();
		atomic { remote_raised = n; remote_pending = true };
#ifndef NO_REMOTE_FENCE
		drain_remote();
#endif
		seen = watch;
		if
		:: seen == ARMED ->
			/* Compare and swap: drains and is atomic. */
			atomic {
				drain_remote();
				if
				:: watch == ARMED -> watch = LOOKING
				:: else -> seen = LOOKING
				fi
			};
			if
			:: seen == ARMED -> told = true
			:: else
			fi
		:: else
		fi
	:: n == RISES -> break
	od
}

active proctype proxy()
{
	do
	:: taken == RISES -> break
	:: taken < RISES ->
		if
		:: /* Looks for a while. */
			proxy_store_watch(LOOKING);
			if
			:: raised > taken -> goto take
			:: true
			fi
		:: true
		fi;
		proxy_store_watch(ARMED);
#ifndef NO_SLEEPER_FENCE
		drain_proxy();
#endif
#ifndef NO_SECOND_LOOK
		if
		:: raised > taken -> goto take
		:: else
		fi;
#endif
		/* Asleep until told; then, or for another reason, it looks. */
		told;
		told = false;
take:
		if
		:: raised > taken -> taken++
		:: else
		fi
	od
}

ltl all_is_served { <> (taken == RISES) }

#endif
#ifdef ACK

#define EVENTS 3
#define FAST 0
#define FENCED 1
#define ARMED 2

/* Words, as they are seen by the other side. */
mtype = { BELL, COMPLETED, RETIRED, POSTED };
byte bell = FENCED;
byte completed = 0; /* by the device, in memory that the guest looks at */
byte retired = 0;   /* acknowledgements that the remote has executed */
byte posted = 0;    /* those in the ring */
bool rung = false;
bool told = false; /* the interrupt; system calls are not delayed */
byte seen = 0;	   /* completions that the guest has found */

/* Store buffers: what leaves them does so in order, at any time. */
chan remote_stores = [6] of { mtype, byte };
chan proxy_stores = [2] of { mtype, byte };

/* A store that is no release may be seen before those in front of it. */
#ifdef NO_ARM_RELEASE
chan bell_stores = [6] of { mtype, byte };
#else
#define bell_stores remote_stores
#endif

inline remote_fence()
{
	atomic { empty(remote_stores) && empty(bell_stores) }
}

active proctype drain()
{
	byte value;

end:
	do
	:: atomic { bell_stores?BELL(value) -> bell = value }
	:: atomic { remote_stores?COMPLETED(value) -> completed = value }
	:: atomic { remote_stores?RETIRED(value) -> retired = value }
	:: atomic { proxy_stores?POSTED(value) -> posted = value }
	od
}

active proctype guest()
{
	byte n = 0, its_bell, its_retired, found;
	bool quiet;

	do
	:: seen == EVENTS -> break
	:: told ->
		told = false;
		/* The write that acknowledges the interrupt. */
		n++;
		proxy_stores!POSTED(n);
		its_bell = bell;
		quiet = false;
		if
		:: its_bell == FAST
		:: else ->
#ifndef NO_PROXY_FENCE
			empty(proxy_stores);
#endif
#ifdef NO_LOOK_ACQUIRE
			found = completed;
#endif
			quiet = (bell == ARMED)
		fi;
		/* The read: from the shadow, if the remote has slept since, or looks. */
		its_bell = bell;
#ifdef LOOKS
#ifndef NO_READ_FENCE
		if
		:: !quiet -> empty(proxy_stores)
		:: else
		fi;
#endif
#endif
		its_retired = retired;
		if
#ifdef LOOKS
		:: its_retired == n - 1
#else
		:: quiet && its_bell == ARMED && its_retired == n - 1
#endif
		:: else ->
			/* A request, which the remote is woken for. */
			if
			:: bell == FAST
			:: else ->
				empty(proxy_stores);
				atomic {
					if
					:: bell == ARMED -> bell = FENCED; rung = true
					:: else
					fi
				}
			fi;
#ifdef NO_LOOK_ACQUIRE
			retired == n;
			found = completed
#else
			retired == n
#endif
		fi;
#ifndef NO_LOOK_ACQUIRE
		found = completed;
#endif
		seen = found
	od
}

inline interrupt()
{
	pending = true;
	/* A system call. */
	remote_fence();
	told = true
}

inline execute()
{
	taken++;
	pending = false;
	remote_stores!RETIRED(taken);
	if
	:: again -> again = false; interrupt()
	:: else
	fi
}

inline complete()
{
	events++;
	remote_stores!COMPLETED(events);
	if
	:: !pending -> interrupt()
	:: else ->
#ifdef LOOKS
#ifndef NO_RAISE_FENCE
		remote_fence();
#endif
#ifndef NO_RAISE_LOOK
		if
		:: posted > taken -> again = true
		:: else
		fi;
#endif
#endif
		skip
	fi
}

active proctype remote()
{
	byte taken = 0, events = 0;
	bool pending = false, again = false, completes, fast = false;

	do
	:: seen == EVENTS -> break
	:: else ->
		bell_stores!BELL(ARMED);
#ifndef NO_REMOTE_FENCE
		remote_fence();
#endif
#ifndef NO_BARRIER_ALL
		if
		:: fast -> empty(proxy_stores)
		:: else
		fi;
#endif
		fast = false;
		completes = false;
		if
		:: posted > taken -> goto awake
		:: else
		fi;
		/* Asleep until rung, or until something completes by itself. */
		if
		:: rung
		:: events < EVENTS -> completes = true
		:: seen == EVENTS -> break
		fi;
awake:
		rung = false;
		bell_stores!BELL(FENCED);
#ifndef NO_WAKE_FENCE
		remote_fence();
#endif
#ifndef NO_FIRST_LOOK
		do
		:: posted > taken -> execute()
		:: else -> break
		od;
#endif
		if
		:: completes -> complete()
		:: else
		fi;
		do
		:: posted > taken -> execute()
		:: events < EVENTS -> complete()
#ifdef HURRY
		:: !fast && events < EVENTS -> bell_stores!BELL(FAST); fast = true
#endif
		:: posted == taken -> break
		od
	od
}

ltl all_is_served { <> (seen == EVENTS) }

#endif
