/*
 * A fleet of relays as a model for the checker `spin`: where a room lives, how its devices find it, and what becomes of it when
 * a relay or the directory fails. One offerer, one visitor that has the right code, strangers that guess, and relays that share a
 * directory and a bus. What it leaves out, what is proved and how to run it: README.md beside this file.
 *
 * The pairing itself is in pairing.pml. Here the two devices only take turns: hello, reply, proof, seat with the seed, receipt. So
 * one number says how far a device is, and what it has sent, and acknowledged.
 */

/* ---- Bounds: set with -D by scripts/model. */

#ifndef RELAYS
#define RELAYS 2
#endif
#ifndef MEETINGS
#define MEETINGS 2 /* meetings in a run; an assertion says when they don't suffice */
#endif
#ifndef FREE
#define FREE 3 /* connections of a device before it waits until the fleet is calm */
#endif
#ifndef SERIALS
#define SERIALS 9 /* connections of a device at most: who comes again more often comes again for ever */
#endif
#ifndef CUTS
#define CUTS 0 /* connections lost by the devices */
#endif
#ifndef CRASHES
#define CRASHES 0 /* relays killed, and started again */
#endif
#ifndef SLEEPS
#define SLEEPS 0 /* relays stopped for so long that others take them for silent */
#endif
#ifndef CUTOFFS
#define CUTOFFS 0 /* relays cut off from directory and bus */
#endif
#ifndef OUTAGES
#define OUTAGES 0 /* times that directory and bus are away */
#endif
#ifndef FORGETS
#define FORGETS 0 /* times that the directory loses all */
#endif
#ifndef ROLLBACKS
#define ROLLBACKS 0 /* failovers in which the directory loses the last change */
#endif
#ifndef DRAINS
#define DRAINS 0 /* relays that are about to stop, and send their rooms on */
#endif
#ifndef LOSSES
#define LOSSES 0 /* publishes lost */
#endif
#ifndef GHOSTS
#define GHOSTS 0 /* attaches that reach a relay after their device has gone on */
#endif
#ifndef CLAIMS
#define CLAIMS 0 /* times that another room gets the slot, when the directory does not know of this one */
#endif
#ifndef GUESSES
#define GUESSES 0 /* wrong guesses of strangers */
#endif
#ifndef LUCKY
#define LUCKY 0 /* strangers that guess right */
#endif
#ifndef LIMIT
#define LIMIT 3 /* wrong proofs compared for one code */
#endif

#ifndef FAULTS
#define FAULTS 99 /* faults of relays, directory and bus together: with all kinds at hand, any of them */
#endif

/* With VERSIONS relay 0 can't read what the others say on the bus, nor they what it says. */
#ifdef VERSIONS
#define READS(r, o) ((r) == (o) || (r) != 0 && (o) != 0)
#else
#define READS(r, o) true
#endif

/* ---- States. */

/* Sources/EasySetupRelayCore/Rooms/Room.swift, enum Phase, and none (a relay that does not have the room) */
mtype:Room = { room_none, room_open, room_seated, room_over }
/* A device at its entry, the relay that has its socket. */
/* Sources/EasySetupFleet/Entry/EntryMachine.swift, enum Place, and none, opening (it is not sought), but for waiting (sought) */
mtype:Place = { place_none, place_opening, place_sought, place_asked, place_through }
mtype:OfferPhase = { offer_offering, offer_finishing, offer_over }
mtype:VisitPhase = { visit_typing, visit_arriving, visit_greeting, visit_lingering, visit_over }
/* What an entry and a home tell each other. `fresh` begins a trunk, and ends the one before it. */
mtype:Up = { up_visit, up_attachOfferer, up_attachVisitor, up_message, up_leave, up_gone, up_fresh, up_gap, up_taken }
mtype:Down = { down_met, down_visitor, down_message, down_attachedOfferer, down_attachedVisitor, down_over, down_refused,
               down_goodbye, down_notHere, down_broken, down_gap, down_guess, down_lucky }
mtype:Why = { why_none, why_done, why_burnt, why_noSuchCode, why_seated, why_meetingOver, why_elsewhere, why_badOrder }

#define B 0
#define A 1
#define NONE 255
#define STRANGER 200
#define DEPTH 12 /* more than is ever on its way between two relays: an assertion says when it does not suffice */
#define R RELAYS

/* ---- The bus. Device, its connection, meeting, number; what an attach holds. Index: entry and home; home and entry. */

chan up[R * R] = [DEPTH] of { mtype:Up, byte, byte, byte, short }
chan down[R * R] = [DEPTH] of { mtype:Down, byte, byte, short, byte, mtype:Why }
#define UP(e, h) up[(e) * R + (h)]
#define DOWN(h, e) down[(h) * R + (e)]
bool deaf[R * R]; /* home and entry: the trunk is broken, or of a run before */
bool suspect[R * R]; /* entry and home: it did not answer */

/* ---- The directory. */

byte dirHome = NONE, dirRun, dirAttempt; /* NONE: it knows nothing of the slot */
byte oldHome = NONE, oldRun, oldAttempt; /* before the last change */
bool isPruned; /* with PRUNES a run that needs more meetings ends, in place of an assertion */
bool isForeign; /* another room has the slot */

/* ---- Relays. */

bool isAsleep[R], isCut[R];
byte runOf[R], before[R] = NONE; /* before it slept */
bool isDraining[R];
bool isDoubtful[R]; /* started, joined, or a lost epoch a short time ago: a miss is no proof */
bool isLost[R];     /* a lost epoch a short time ago: other copies may be on their way into the directory */
bool hasForgotten[R]; /* the directory has, and the relay does not know it yet */

/* ---- A copy of the room at each relay. */

mtype:Room room[R] = room_none;
mtype:Why ended[R] = why_none;
bool isConfirmed[R], isRegistered[R]; /* by the directory, for certain now; once in this run */
byte offererAt[R] = NONE, offererSerial[R], attemptO[R], seat[R];
byte counted[R]; /* wrong guesses: what a relay would know of them */
bool isOwnSlot[R]; /* the room has not lost its slot */
/* Its meetings. */
#define IX(r, m) ((r) * (MEETINGS + 1) + (m))
bool inHand[R * (MEETINGS + 1)], isRestored[R * (MEETINGS + 1)];
byte guestAt[R * (MEETINGS + 1)] = NONE, guestSerial[R * (MEETINGS + 1)], guestAttempt[R * (MEETINGS + 1)];
byte haveO[R * (MEETINGS + 1)], haveV[R * (MEETINGS + 1)]; /* the visitor's messages, and the offerer's */
byte lastMeeting;

/* ---- Devices: the offerer and the visitor, and each one's place at its entry. */

mtype:Place place[2] = place_none;
byte at[2] = NONE, homeOf[2] = NONE, serial[2];
/* An attach that a relay hears later. */
byte ghostAt[2] = NONE, ghostSerial[2], ghostMeeting[2];
short ghostHeld[2];

mtype:OfferPhase phaseB = offer_offering;
bool lane[MEETINGS + 1];
byte receivedB[MEETINGS + 1];
byte seatB, wrong;
bool isPairedB, isReplaced; /* replaced: the slot is lost, and a fresh code is shown */

mtype:VisitPhase phaseA = visit_typing;
byte meetingA, receivedA;
bool isPairedA, isAstray; /* astray: the slot led it to another room */

/* ---- What only the properties look at, and budgets. */

byte compared, seats;
byte faults, cuts, crashes, sleeps, cutoffs, outages, forgets, rollbacks, losses, ghosts, claims, drains, guesses, luck;

hidden byte i, j, y, d, s, t, former, w, q;
hidden short x, m, n, g;
hidden mtype:Up u;
hidden mtype:Down v;
hidden mtype:Why y2;

#define IS_UP(r) (!isAsleep[r])
#define IS_JOINED(r) (!isCut[r])
#define IS_LIVE(r) (room[r] == room_open || room[r] == room_seated)
#ifdef MUTATE_DOUBT
#define IN_DOUBT(r) false
#else
#define IN_DOUBT(r) (offererAt[r] == NONE || !isConfirmed[r] || isLost[r])
#endif
/* A word that is final at a device is said when the directory says that this is the home. */
#ifdef MUTATE_FINAL
#define ASKS_FIRST false
#else
#define ASKS_FIRST true
#endif
/* The directory's word that a meeting is unknown at its room's home is enough for a visitor that has received nothing of it. */
#ifdef MUTATE_ANEW
#define BEGINS_ANEW(r, m_, n_) false
#else
#define BEGINS_ANEW(r, m_, n_) (n_ == 0 && !inHand[IX(r, m_)] && (room[r] == room_open || seat[r] == m_))
#endif
/* The home of the directory's entry can be asked: it runs, and it is still that run. */
#define IS_CURRENT (dirHome != NONE && dirRun == runOf[dirHome])
/* It is there, and says nothing that this relay can read. */
#define IS_UNREAD(r) (IS_CURRENT && !READS(r, dirHome) && !isCut[dirHome] && !isAsleep[dirHome])
#define IS_MINE(r) (dirHome == r && (dirRun == runOf[r] || dirRun == before[r]))
#define SENT_B(m) (receivedB[m] > 2 -> 2 : receivedB[m])
#define ACKED_B(k) ((k) > 0 -> (k) - 1 : 0)
#define SEAT_B (seatB == STRANGER -> 0 : seatB)
#define SENT_A (receivedA + 1)

/* What `held` says: three bits a meeting, one whether it is held, two what was received of it. And above them the seat. */
#define HELD(k, m) (((k) >> (3 * ((m) - 1))) & 1)
#define HELD_RECEIVED(k, m) (((k) >> (3 * ((m) - 1) + 1)) & 3)

/* ---- The bus' inlines. */

inline send_up(e_, h_, u_, d_, s_, m_, n_) {
    assert(len(UP(e_, h_)) < DEPTH);
    UP(e_, h_)!u_, d_, s_, m_, n_
}

inline send_down(h_, e_, v_, d_, s_, m_, n_, y_) {
    if
    :: e_ != NONE && !(e_ != h_ && (isCut[h_] || isCut[e_])) ->
        assert(len(DOWN(h_, e_)) < DEPTH);
        DOWN(h_, e_)!v_, d_, s_, m_, n_, y_
    :: else
    fi
}

inline empty_up(e_, h_) {
    do :: len(UP(e_, h_)) > 0 -> UP(e_, h_)?_, _, _, _, _ :: else -> break od
}

inline empty_down(h_, e_) {
    do :: len(DOWN(h_, e_)) > 0 -> DOWN(h_, e_)?_, _, _, _, _, _ :: else -> break od
}

/* ---- Rooms. */

inline forget_meeting(r, m_) {
    inHand[IX(r, m_)] = false; isRestored[IX(r, m_)] = false;
    guestAt[IX(r, m_)] = NONE; guestSerial[IX(r, m_)] = 0; guestAttempt[IX(r, m_)] = 0;
    haveO[IX(r, m_)] = 0; haveV[IX(r, m_)] = 0
}

inline forget_room(r) {
    room[r] = room_none; ended[r] = why_none; isConfirmed[r] = false; isRegistered[r] = false;
    offererAt[r] = NONE; offererSerial[r] = 0; attemptO[r] = 0; seat[r] = 0; counted[r] = 0; isOwnSlot[r] = false;
    for (i : 1 .. MEETINGS) { forget_meeting(r, i) }
}

/* Somebody else has it: its devices come again, and find that one. Nothing is kept, not even an end. */
inline give_up(r) {
    send_down(r, offererAt[r], down_goodbye, B, offererSerial[r], 0, 0, why_none);
    for (i : 1 .. MEETINGS) {
        if :: inHand[IX(r, i)] -> send_down(r, guestAt[IX(r, i)], down_goodbye, A, guestSerial[IX(r, i)], 0, 0, why_none) :: else fi
    }
    forget_room(r)
}

/* A leg or a socket is gone. */
inline lose_legs(r, e_) {
    if :: offererAt[r] == e_ -> offererAt[r] = NONE; offererSerial[r] = 0 :: else fi;
    for (i : 1 .. MEETINGS) {
        if :: guestAt[IX(r, i)] == e_ -> guestAt[IX(r, i)] = NONE; guestSerial[IX(r, i)] = 0 :: else fi
    }
}

inline lose_leg(r, e_, d_, s_) {
    if :: d_ == B && offererAt[r] == e_ && offererSerial[r] == s_ -> offererAt[r] = NONE; offererSerial[r] = 0 :: else fi;
    for (i : 1 .. MEETINGS) {
        if
        :: d_ == A && guestAt[IX(r, i)] == e_ && guestSerial[IX(r, i)] == s_ -> guestAt[IX(r, i)] = NONE; guestSerial[IX(r, i)] = 0
        :: else
        fi
    }
}

/* ---- The directory. `take` is its one compare-and-set: t becomes 1 when the room is that relay's. */

inline take(r, s_, isAttach) {
    former = NONE;
    if
    :: dirHome == NONE || IS_MINE(r) -> t = 1
#ifdef MUTATE_TAKE
    :: !(dirHome == NONE || IS_MINE(r)) -> t = 1; former = dirHome
#else
    :: !(dirHome == NONE || IS_MINE(r)) && (s_ > dirAttempt || s_ == dirAttempt && isAttach) -> t = 1; former = dirHome
    :: !(dirHome == NONE || IS_MINE(r)) && !(s_ > dirAttempt || s_ == dirAttempt && isAttach) -> t = 0
#endif
    fi;
    if
    :: t == 1 ->
        if
        :: former != NONE && (former == r || dirRun != runOf[former] || isCut[former] || !READS(former, r)) -> former = NONE
        :: else
        fi;
        if
        :: dirHome != r || dirRun != runOf[r] || dirAttempt != s_ -> oldHome = dirHome; oldRun = dirRun; oldAttempt = dirAttempt
        :: else
        fi;
        dirHome = r; dirRun = runOf[r]; dirAttempt = s_;
#ifndef MUTATE_COPY
        if :: former != NONE -> send_up(r, former, up_taken, 0, s_, 0, 0) :: else fi;
#endif
        if :: isForeign -> isOwnSlot[r] = false :: else fi /* this room is kept under a key of its own */
    :: else
    fi
}

inline notice_epoch(r) {
    if
    :: hasForgotten[r] -> hasForgotten[r] = false; isDoubtful[r] = true; isLost[r] = true; isConfirmed[r] = false
    :: else
    fi
}

/* Another run has the room, by an attach that is no older. */
#define IS_OTHERS(r) (IS_JOINED(r) && dirHome != NONE && !IS_MINE(r) && dirAttempt >= attemptO[r])

/* ---- A room at its home: an offerer. */

/* From the offerer's word alone, as after a restart. `g` is what it holds. */
inline make_room(r, seat_) {
    forget_room(r);
    room[r] = (seat_ != 0 -> room_seated : room_open);
    seat[r] = seat_;
    isOwnSlot[r] = true;
    for (i : 1 .. MEETINGS) {
        if
        :: HELD(g, i) && (seat_ == 0 || seat_ == i) ->
            inHand[IX(r, i)] = true; isRestored[IX(r, i)] = true;
            haveO[IX(r, i)] = HELD_RECEIVED(g, i); haveV[IX(r, i)] = ACKED_B(HELD_RECEIVED(g, i))
        :: else
        fi
    }
}

inline let_offerer_in(r, e_, s_, seat_) {
    if :: offererAt[r] != NONE -> send_down(r, offererAt[r], down_refused, B, offererSerial[r], 0, 0, why_elsewhere) :: else fi;
    offererAt[r] = e_; offererSerial[r] = s_; attemptO[r] = s_;
    x = 0; y = 0;
    for (i : 1 .. MEETINGS) {
        if
        :: inHand[IX(r, i)] && HELD(g, i) ->
            if
            :: HELD_RECEIVED(g, i) > haveO[IX(r, i)] -> assert(isRestored[IX(r, i)]); haveO[IX(r, i)] = HELD_RECEIVED(g, i)
            :: else
            fi;
            x = x | ((1 + 2 * haveV[IX(r, i)]) << (3 * (i - 1)))
        :: inHand[IX(r, i)] && !HELD(g, i) && haveV[IX(r, i)] > 0 ->
            send_down(r, guestAt[IX(r, i)], down_over, A, guestSerial[IX(r, i)], 0, 0, why_meetingOver);
            forget_meeting(r, i)
        :: else
        fi
    }
    send_down(r, e_, down_attachedOfferer, B, s_, x, (isOwnSlot[r] -> 0 : 1), why_none);
    for (i : 1 .. MEETINGS) {
        if
        :: inHand[IX(r, i)] ->
            if :: !HELD(g, i) -> send_down(r, e_, down_visitor, B, s_, i, 0, why_none) :: else fi;
            if
            :: haveO[IX(r, i)] > HELD_RECEIVED(g, i) -> send_down(r, e_, down_message, B, s_, i, haveO[IX(r, i)], why_none)
            :: else
            fi
        :: else
        fi
    }
    if :: seat_ != 0 && room[r] == room_open && inHand[IX(r, seat_)] -> give_seat(r, seat_) :: else fi
}

inline give_seat(r, m_) {
    room[r] = room_seated; seat[r] = m_;
    for (i : 1 .. MEETINGS) {
        if
        :: i != m_ && inHand[IX(r, i)] ->
            send_down(r, guestAt[IX(r, i)], down_over, A, guestSerial[IX(r, i)], 0, 0, why_seated);
            forget_meeting(r, i)
        :: else
        fi
    }
}

/* The directory is asked first, and then the offerer's word counts. */
inline take_and_make(r, e_, s_, seat_) {
    if
    :: IS_JOINED(r) -> notice_epoch(r); take(r, s_, true)
    :: else -> t = 3 /* no answer */
    fi;
    if
    :: t == 0 ->
        send_down(r, e_, down_refused, B, s_, 0, 0, why_elsewhere);
        if :: room[r] != room_none -> give_up(r) :: else fi
    :: else ->
        if
        :: IS_LIVE(r) ->
            if
            :: offererAt[r] != NONE && !(offererAt[r] == e_ && offererSerial[r] == s_) ->
                send_down(r, offererAt[r], down_refused, B, offererSerial[r], 0, 0, why_elsewhere);
                offererAt[r] = NONE
            :: else
            fi;
            give_up(r)
        :: else
        fi;
        make_room(r, seat_);
        isConfirmed[r] = (t != 3); isRegistered[r] = (t != 3);
        if :: IS_JOINED(r) && isForeign -> isOwnSlot[r] = false :: else fi;
        let_offerer_in(r, e_, s_, seat_)
    fi
}

inline home_attach_offerer(r, e_, s_, seat_) {
    if
    :: room[r] == room_none -> send_down(r, e_, down_notHere, B, s_, 0, 0, why_none)
    :: room[r] == room_over -> send_down(r, e_, down_refused, B, s_, 0, 0, ended[r])
#ifndef MUTATE_ATTEMPT
    :: IS_LIVE(r) && s_ <= attemptO[r] -> send_down(r, e_, down_refused, B, s_, 0, 0, why_elsewhere)
    :: IS_LIVE(r) && s_ > attemptO[r] ->
#else
    :: IS_LIVE(r) ->
#endif
        if
#ifdef MUTATE_JUMP
        :: true ->
#elif defined(MUTATE_AWAY)
        :: !IN_DOUBT(r) || s_ == attemptO[r] + 1 && (isRegistered[r] || isConfirmed[r]) ->
#else
        :: s_ == attemptO[r] + 1 && (isRegistered[r] || isConfirmed[r]) ->
#endif
            let_offerer_in(r, e_, s_, seat_);
            if
            :: IS_JOINED(r) ->
                notice_epoch(r);
                take(r, s_, true);
                if
                :: t == 0 -> give_up(r)
                :: else -> isConfirmed[r] = true; isRegistered[r] = true
                fi
            :: else -> isConfirmed[r] = false
            fi
#ifndef MUTATE_JUMP
        :: else -> take_and_make(r, e_, s_, seat_)
#endif
        fi
    fi
}

/* ---- A room at its home: a visitor. */

inline home_visit(r, e_, s_) {
    if
    :: room[r] == room_none -> send_down(r, e_, down_notHere, A, s_, 0, 0, why_none)
    :: room[r] == room_over -> send_down(r, e_, down_refused, A, s_, 0, 0, ended[r])
    :: room[r] == room_seated -> send_down(r, e_, down_refused, A, s_, 0, 0, why_seated)
    :: else ->
#ifndef PRUNES
        assert(lastMeeting < MEETINGS);
#else
        if :: lastMeeting == MEETINGS -> isPruned = true; lastMeeting-- :: else fi;
#endif
        lastMeeting++;
        inHand[IX(r, lastMeeting)] = true;
        guestAt[IX(r, lastMeeting)] = e_; guestSerial[IX(r, lastMeeting)] = s_;
        send_down(r, e_, down_met, A, s_, lastMeeting, 0, why_none);
        send_down(r, offererAt[r], down_visitor, B, offererSerial[r], lastMeeting, 0, why_none)
    fi
}

inline home_attach_visitor(r, e_, s_, m_, n_) {
    if
    :: room[r] == room_none -> send_down(r, e_, down_notHere, A, s_, 0, 0, why_none)
    :: room[r] == room_over -> send_down(r, e_, down_refused, A, s_, 0, 0, ended[r])
    :: IS_LIVE(r) && inHand[IX(r, m_)] && (n_ <= haveV[IX(r, m_)] || isRestored[IX(r, m_)]) ->
        if
#ifndef MUTATE_ATTEMPT
        :: s_ <= guestAttempt[IX(r, m_)] -> send_down(r, e_, down_refused, A, s_, 0, 0, why_elsewhere)
#endif
        :: else ->
            if
            :: guestAt[IX(r, m_)] != NONE -> send_down(r, guestAt[IX(r, m_)], down_refused, A, guestSerial[IX(r, m_)], 0, 0, why_elsewhere)
            :: else
            fi;
            guestAt[IX(r, m_)] = e_; guestSerial[IX(r, m_)] = s_; guestAttempt[IX(r, m_)] = s_;
            if :: n_ > haveV[IX(r, m_)] -> haveV[IX(r, m_)] = n_ :: else fi;
            send_down(r, e_, down_attachedVisitor, A, s_, m_, haveO[IX(r, m_)], why_none);
            if :: haveV[IX(r, m_)] > n_ -> send_down(r, e_, down_message, A, s_, m_, haveV[IX(r, m_)], why_none) :: else fi
        fi
    :: else ->
        if :: IS_JOINED(r) -> notice_epoch(r) :: else fi;
        if
        :: (IN_DOUBT(r) || ASKS_FIRST) && IS_OTHERS(r) -> give_up(r); send_down(r, e_, down_notHere, A, s_, 0, 0, why_none)
        :: (IN_DOUBT(r) || ASKS_FIRST && !(IS_JOINED(r) && IS_MINE(r))) && !((IN_DOUBT(r) || ASKS_FIRST) && IS_OTHERS(r)) &&
            !(IS_JOINED(r) && IS_MINE(r) && BEGINS_ANEW(r, m_, n_)) ->
            send_down(r, e_, down_goodbye, A, s_, 0, 0, why_none)
        :: else ->
            if
            :: inHand[IX(r, m_)] -> send_down(r, e_, down_refused, A, s_, 0, 0, why_badOrder)
            :: !inHand[IX(r, m_)] && room[r] == room_seated && seat[r] != m_ -> send_down(r, e_, down_refused, A, s_, 0, 0, why_seated)
            :: else -> send_down(r, e_, down_refused, A, s_, 0, 0, why_meetingOver)
            fi
        fi
    fi
}

inline end_room(r, y_) {
    for (i : 1 .. MEETINGS) {
        if :: inHand[IX(r, i)] -> send_down(r, guestAt[IX(r, i)], down_over, A, guestSerial[IX(r, i)], 0, 0, y_) :: else fi
    }
    forget_room(r);
    room[r] = room_over; ended[r] = y_
}

/* ---- What a home reads from an entry. */

inline hear_up(e_, h_) {
    UP(e_, h_)?u, d, s, m, n;
    if
    :: u == up_taken ->
        if
        :: IS_LIVE(h_) && s >= attemptO[h_] -> give_up(h_)
        :: IS_LIVE(h_) && s < attemptO[h_] -> isConfirmed[h_] = false
        :: else
        fi
    :: u == up_fresh -> deaf[h_ * R + e_] = false; lose_legs(h_, e_)
    :: u == up_gap -> deaf[h_ * R + e_] = true; lose_legs(h_, e_); send_down(h_, e_, down_broken, 0, 0, 0, 0, why_none)
    :: u != up_taken && u != up_fresh && u != up_gap && deaf[h_ * R + e_]
    :: u == up_visit && !deaf[h_ * R + e_] -> home_visit(h_, e_, s)
    :: u == up_attachOfferer && !deaf[h_ * R + e_] -> g = n; home_attach_offerer(h_, e_, s, m); g = 0
    :: u == up_attachVisitor && !deaf[h_ * R + e_] -> home_attach_visitor(h_, e_, s, m, n)
    :: u == up_gone && !deaf[h_ * R + e_] -> lose_leg(h_, e_, d, s)
    :: u == up_leave && !deaf[h_ * R + e_] ->
        if
        :: IS_LIVE(h_) && d == B && offererAt[h_] == e_ && offererSerial[h_] == s -> end_room(h_, (m == 0 -> why_done : why_burnt))
        :: else
        fi
    :: u == up_message && !deaf[h_ * R + e_] && d == B ->
        if
        :: IS_LIVE(h_) && offererAt[h_] == e_ && offererSerial[h_] == s && inHand[IX(h_, m)] ->
            assert(n <= haveV[IX(h_, m)] + 1); /* bad-order */
            if :: n == 2 && room[h_] == room_open -> give_seat(h_, m) :: else fi;
            if
            :: n == haveV[IX(h_, m)] + 1 ->
                haveV[IX(h_, m)] = n;
                send_down(h_, guestAt[IX(h_, m)], down_message, A, guestSerial[IX(h_, m)], m, n, why_none)
            :: else
            fi
        :: else
        fi
    :: u == up_message && !deaf[h_ * R + e_] && d == A ->
        if
        :: IS_LIVE(h_) && inHand[IX(h_, m)] && guestAt[IX(h_, m)] == e_ && guestSerial[IX(h_, m)] == s ->
            assert(n <= haveO[IX(h_, m)] + 1); /* bad-order */
            if
            :: n == haveO[IX(h_, m)] + 1 ->
                haveO[IX(h_, m)] = n;
                send_down(h_, offererAt[h_], down_message, B, offererSerial[h_], m, n, why_none)
            :: else
            fi
        :: else
        fi
    :: else -> assert(false)
    fi;
    d = 0; s = 0; m = 0; n = 0
}

/* ---- Devices at their entry. */

inline rest(d_) { place[d_] = place_none; at[d_] = NONE; homeOf[d_] = NONE }

/* The socket is lost: the entry says so where a home may have heard of the leg. */
inline drop_socket(d_) {
    if
    :: (place[d_] == place_asked || place[d_] == place_through) && !isAsleep[at[d_]] &&
        !(at[d_] != homeOf[d_] && (isCut[at[d_]] || isCut[homeOf[d_]])) ->
        send_up(at[d_], homeOf[d_], up_gone, d_, serial[d_], 0, 0)
    :: else
    fi;
    rest(d_)
}

/* What an offerer holds, into g. */
inline hold() {
    g = 0;
    for (i : 1 .. MEETINGS) {
        if :: lane[i] -> g = g | ((1 + 2 * receivedB[i]) << (3 * (i - 1))) :: else fi
    }
}

inline ask(d_, h_) {
    homeOf[d_] = h_; place[d_] = place_asked;
    if
    :: d_ == B -> hold(); send_up(at[d_], h_, up_attachOfferer, d_, serial[d_], SEAT_B, g); g = 0
    :: d_ == A && meetingA != 0 -> send_up(at[d_], h_, up_attachVisitor, d_, serial[d_], meetingA, receivedA)
    :: else -> send_up(at[d_], h_, up_visit, d_, serial[d_], 0, 0)
    fi
}

inline device_goodbye(d_) { rest(d_) }

inline no_such_code() {
    assert(phaseB == offer_over || isReplaced); /* nobody hears it of an offer that lives */
    rest(A); phaseA = visit_over
}

/* The entry makes the room, from the offerer's word. */
inline take_over() {
    homeOf[B] = at[B]; place[B] = place_asked;
    hold();
    take_and_make(at[B], at[B], serial[B], SEAT_B);
    g = 0
}

/* Who comes for a room whose home can't be read is told to come again: the balancer brings it to a relay that can. */
#ifdef MUTATE_READ
#define IS_SENT_BACK_UNREAD(r) false
#else
#define IS_SENT_BACK_UNREAD(r) IS_UNREAD(r)
#endif

#ifdef MUTATE_SILENT
#define MAY_WAIT false
#else
#define MAY_WAIT true
#endif

/* The first frame, or again: at the home, in the directory, or nowhere. */
inline seek(d_, isSentBack, isSilent) {
    w = at[d_];
    if
    :: room[w] != room_none && !isSentBack -> ask(d_, w)
    :: else ->
        if
        :: IS_JOINED(w) -> notice_epoch(w)
        :: else
        fi;
        if
        :: IS_JOINED(w) && isForeign && d_ == A && meetingA == 0 -> isAstray = true; rest(A); phaseA = visit_over
        :: IS_JOINED(w) && !(isForeign && d_ == A && meetingA == 0) && IS_CURRENT && dirHome != w && READS(w, dirHome) &&
            !suspect[w * R + dirHome] && !isCut[dirHome] && !isSentBack && !isSilent ->
            q = dirHome;
            ask(d_, q)
        :: else ->
            if
            :: d_ == B -> take_over()
            :: d_ == A && (!IS_JOINED(w) || IS_SENT_BACK_UNREAD(w) && !isSilent) -> device_goodbye(A)
            :: d_ == A && IS_JOINED(w) && !(IS_SENT_BACK_UNREAD(w) && !isSilent) && meetingA == 0 && (!MAY_WAIT || dirHome == NONE) ->
                if
#ifndef MUTATE_MISS
                :: isDoubtful[w] && MAY_WAIT -> place[A] = place_sought
#endif
                :: else -> no_such_code()
                fi
            :: else -> place[A] = place_sought
            fi
        fi
    fi;
    w = 0; q = 0
}

/* The entry finds that a trunk is broken. Who may have been heard comes again, with a new count. */
inline break_trunk(e_, h_) {
    if :: !isCut[e_] && !isCut[h_] -> send_up(e_, h_, up_fresh, 0, 0, 0, 0) :: else fi;
    for (j : 0 .. 1) {
        if
        :: (place[j] == place_asked || place[j] == place_through) && at[j] == e_ && homeOf[j] == h_ ->
            if
            :: j == A && meetingA == 0 -> serial[A]++; place[A] = place_sought; homeOf[A] = NONE
#ifdef MUTATE_REPEAT
            :: place[j] == place_asked && !(j == A && meetingA == 0) -> ask(j, h_)
#endif
            :: else -> suspect[e_ * R + h_] = (place[j] == place_asked); device_goodbye(j)
            fi
        :: else
        fi
    }
}

/* ---- The devices. */

inline say(d_, u_, m_, n_) {
    if
    :: place[d_] == place_through && !(at[d_] != homeOf[d_] && (isCut[at[d_]] || isCut[homeOf[d_]])) ->
        send_up(at[d_], homeOf[d_], u_, d_, serial[d_], m_, n_)
    :: else
    fi
}

inline offerer_ends(m_) {
    say(B, up_leave, m_, 0);
    rest(B);
    phaseB = offer_over
}

inline offerer_hears() {
    if
    :: v == down_attachedOfferer ->
        place[B] = place_through;
        t = n;
        for (j : 1 .. MEETINGS) {
            if
            :: lane[j] && !HELD(m, j) ->
                assert(seatB != j && receivedB[j] < 2); /* a meeting that lives is over */
                lane[j] = false; receivedB[j] = 0
            :: lane[j] && HELD(m, j) ->
                if :: SENT_B(j) > HELD_RECEIVED(m, j) -> say(B, up_message, j, SENT_B(j)) :: else fi
            :: else
            fi
        }
        if
        :: t == 1 && phaseB == offer_offering -> isReplaced = true; offerer_ends(0)
        :: else
        fi
#ifdef MUTATE_SEAT
        /* The relay keeps the seat: the device believes the room. */
        if :: seatB == STRANGER && room[homeOf[B]] == room_open -> seatB = 0; phaseB = offer_offering :: else fi
#endif
    :: v == down_visitor ->
        place[B] = place_through;
        if :: phaseB == offer_offering && !lane[m] -> lane[m] = true; receivedB[m] = 0 :: else fi
    :: v == down_message ->
        if
        :: lane[m] && n > receivedB[m] ->
            assert(n == receivedB[m] + 1); /* a gap */
            receivedB[m] = n;
            if
            :: n == 1 -> say(B, up_message, m, 1)
            :: n == 2 ->
                if
                :: phaseB == offer_offering -> seats++; assert(seats <= 1); seatB = m; phaseB = offer_finishing; say(B, up_message, m, 2)
                :: else
                fi
            :: n == 3 -> isPairedB = true; offerer_ends(0)
            fi
        :: else
        fi
    :: v == down_guess ->
        if
        :: phaseB == offer_offering ->
            wrong++; compared++; assert(compared <= LIMIT);
#ifndef MUTATE_COUNT
            if :: wrong >= LIMIT -> offerer_ends(1) :: else fi
#endif
        :: else
        fi
    :: v == down_lucky ->
        if :: phaseB == offer_offering -> seats++; assert(seats <= 1); seatB = STRANGER; phaseB = offer_finishing :: else fi
    :: v == down_goodbye -> device_goodbye(B)
    :: v == down_refused -> assert(false) /* nothing ends an offer that lives: elsewhere */
    :: else -> assert(false)
    fi
}

inline visitor_over() { rest(A); phaseA = visit_over }

inline visitor_hears() {
    if
    :: v == down_met ->
        place[A] = place_through;
        phaseA = visit_greeting; meetingA = m; receivedA = 0;
        say(A, up_message, m, 1)
    :: v == down_attachedVisitor ->
        place[A] = place_through;
        if :: SENT_A > n -> say(A, up_message, meetingA, SENT_A) :: else fi
    :: v == down_message ->
        if
        :: n > receivedA ->
            assert(n == receivedA + 1); /* a gap */
            receivedA = n;
            if :: n == 2 -> isPairedA = true; phaseA = visit_lingering :: else fi;
            say(A, up_message, meetingA, SENT_A)
        :: else
        fi
    :: v == down_goodbye -> device_goodbye(A)
    :: v == down_over || v == down_refused ->
        if
        :: phaseA == visit_lingering && y2 != why_elsewhere -> visitor_over() /* its receipt has arrived, or never will */
        :: phaseA != visit_lingering && y2 == why_meetingOver && receivedA == 0 && meetingA != 0 ->
            rest(A); phaseA = visit_arriving; meetingA = 0 /* no try is spent: it visits again */
        :: else ->
            /* A final word, for an offer that lives. */
            assert(phaseB == offer_over || y2 == why_seated && seatB == STRANGER);
            visitor_over()
        fi
    :: else -> assert(false)
    fi
}

/* What an entry reads from a home. */
inline hear_down(h_, e_) {
    DOWN(h_, e_)?v, d, s, m, n, y2;
    if
    :: v == down_gap || v == down_broken -> break_trunk(e_, h_)
    :: else ->
        if
        :: at[d] == e_ && serial[d] == s && (place[d] == place_asked || place[d] == place_through) && homeOf[d] == h_ ->
            if
            :: v == down_notHere -> homeOf[d] = NONE; seek(d, true, false)
            :: v != down_notHere && d == B -> offerer_hears()
            :: else -> visitor_hears()
            fi
        :: else
        fi
    fi;
    d = 0; s = 0; m = 0; n = 0; y2 = why_none
}

/* ---- Faults. */

/* All that is on its way to a relay goes to a run that is no more; and what others have of it is silent. */
inline cut_trunks(r, isDead, isCutOff) {
    for (x : 0 .. R - 1) {
        if :: x != r || isDead -> empty_up(x, r); empty_down(x, r) :: else fi;
        if
        :: x != r ->
            deaf[r * R + x] = true;
            /* Others hear what was said before, then nothing more. */
            if
            :: !isCut[x] && READS(x, r) ->
                assert(len(UP(r, x)) < DEPTH && len(DOWN(r, x)) < DEPTH);
                UP(r, x)!up_gap, 0, 0, 0, 0;
                if :: isCutOff -> DOWN(r, x)!down_gap, 0, 0, 0, 0, why_none :: else fi
            :: else
            fi
        :: else
        fi
    }
    if
    :: isDead
    :: else -> /* its own devices at other homes, and others' devices at its own */
        for (x : 0 .. R - 1) {
            if
            :: x != r ->
                lose_legs(r, x);
                for (j : 0 .. 1) {
                    if
                    :: at[j] == r && homeOf[j] == x && (place[j] == place_asked || place[j] == place_through) ->
                        if
                        :: j == A && meetingA == 0 -> serial[A]++; place[A] = place_sought; homeOf[A] = NONE
                        :: else -> device_goodbye(j)
                        fi
                    :: else
                    fi
                }
            :: else
            fi
        }
    fi
}

inline begin_trunks(r) {
    for (x : 0 .. R - 1) {
        if
        :: x != r && !isCut[x] && READS(x, r) ->
            send_up(r, x, up_fresh, 0, 0, 0, 0);
            send_down(r, x, down_gap, 0, 0, 0, 0, why_none) /* who calls begins a trunk, too */
        :: else
        fi
    }
}

inline crash(r) {
    for (j : 0 .. 1) {
        if :: at[j] == r -> rest(j) :: else fi
    }
    forget_room(r);
    cut_trunks(r, true, isCut[r]);
    runOf[r]++; before[r] = NONE; isAsleep[r] = false;
    for (x : 0 .. R - 1) { suspect[r * R + x] = false }
    isDoubtful[r] = true; isLost[r] = true; hasForgotten[r] = false; /* what the directory had before is unknown to it */
    if :: !isCut[r] -> begin_trunks(r) :: else fi
}

inline wake(r) {
    isAsleep[r] = false;
    cut_trunks(r, false, isCut[r]);
    before[r] = runOf[r]; runOf[r]++;
    isConfirmed[r] = false; isRegistered[r] = false;
    isDoubtful[r] = true;
    if :: !isCut[r] -> begin_trunks(r) :: else fi
}

inline cut_off(r) {
    cut_trunks(r, false, true);
    isCut[r] = true;
    isConfirmed[r] = false
}

inline join(r) {
    isCut[r] = false;
    isDoubtful[r] = true; isConfirmed[r] = false;
    begin_trunks(r)
}

/* ---- Time is kind: what helps by itself has had its time before a device comes again often. */

#define IS_SETTLED (place[B] == place_through && offererAt[homeOf[B]] == at[B] && dirHome == homeOf[B] && IS_CURRENT && isConfirmed[homeOf[B]] && IS_UP(homeOf[B]))
#define ALL_JOINED (!isCut[0] && !isCut[1] && !isCut[R - 1])
#define ALL_UP (!isAsleep[0] && !isAsleep[1] && !isAsleep[R - 1])
/* A balancer sends devices to relays that are joined, as long as there are any. */
#define IS_OFFERED(r) (IS_UP(r) && !isDraining[r] && (!isCut[r] || isCut[0] && isCut[1] && isCut[R - 1]))

#define IS_COPY(r) (IS_LIVE(r) && homeOf[B] != r)
#ifdef STAYS_LOST
#define NONE_LOST true
#else
#define NONE_LOST (!isLost[0] && !isLost[1] && !isLost[R - 1])
#endif
#define IS_CALM (IS_SETTLED && ALL_UP && ALL_JOINED && !IS_COPY(0) && !IS_COPY(1) && !IS_COPY(R - 1) && NONE_LOST)
#define MAY_OPEN_B(r) (place[B] == place_none && phaseB != offer_over && IS_OFFERED(r) && (serial[B] < FREE || ALL_UP && ALL_JOINED))
#define WANTS_A (phaseA != visit_typing && phaseA != visit_over)
#define MAY_OPEN_A(r) (place[A] == place_none && WANTS_A && IS_OFFERED(r) && (serial[A] < FREE || IS_CALM && READS(r, dirHome)))

inline open(d_, r) {
    assert(serial[d_] < SERIALS); /* it comes again for ever */
    serial[d_]++;
    at[d_] = r; place[d_] = place_opening
}

#define MAY_HEAR_UP(e_, h_) (len(UP(e_, h_)) > 0 && IS_UP(h_))
#define MAY_HEAR_DOWN(h_, e_) (len(DOWN(h_, e_)) > 0 && IS_UP(e_))
#define MAY_LOSE_UP(e_, h_) (losses < LOSSES && faults < FAULTS && e_ != h_ && MAY_HEAR_UP(e_, h_))
#define MAY_LOSE_DOWN(h_, e_) (losses < LOSSES && faults < FAULTS && e_ != h_ && MAY_HEAR_DOWN(h_, e_))

/* A relay's socket to a device that has gone on: it notices. */
#define IS_DEAD_OFFERER(r) (IS_UP(r) && offererAt[r] == r && !(at[B] == r && serial[B] == offererSerial[r]) && \
    len(UP(r, r)) == 0)
#define IS_DEAD_GUEST(r, m_) (IS_UP(r) && guestAt[IX(r, m_)] == r && !(at[A] == r && serial[A] == guestSerial[IX(r, m_)]) && \
    len(UP(r, r)) == 0)

/* The other relay is silent. */
#define IS_SILENT_HOME(d_) ((place[d_] == place_asked || place[d_] == place_through) && IS_UP(at[d_]) && at[d_] != homeOf[d_] && \
    isAsleep[homeOf[d_]])
#if MEETINGS > 3
#define HAS_GUEST_AT(r, e_) (guestAt[IX(r, 1)] == e_ || guestAt[IX(r, 2)] == e_ || guestAt[IX(r, 3)] == e_ || guestAt[IX(r, MEETINGS)] == e_)
#else
#define HAS_GUEST_AT(r, e_) (guestAt[IX(r, 1)] == e_ || guestAt[IX(r, MEETINGS - 1)] == e_ || guestAt[IX(r, MEETINGS)] == e_)
#endif
#define HAS_GUEST(r) HAS_GUEST_AT(r, r)
#define HAS_LEGS(r, e_) (offererAt[r] == e_ || HAS_GUEST_AT(r, e_))

#define IS_SEEKABLE(r) (IS_JOINED(r) && IS_CURRENT && dirHome != r && !suspect[r * R + dirHome] && !isCut[dirHome] && \
    room[dirHome] != room_none && !isAsleep[dirHome] && READS(r, dirHome))
#define MAY_SEEK (place[A] == place_sought && IS_UP(at[A]) && (IS_SEEKABLE(at[A]) || room[at[A]] != room_none || \
    meetingA == 0 && IS_JOINED(at[A]) && (dirHome == NONE && !isDoubtful[at[A]] || isForeign) || !IS_JOINED(at[A]) || \
    IS_SENT_BACK_UNREAD(at[A])))

/* Each second, whatever happened: a room that the directory has not confirmed. */
inline register(r) {
    notice_epoch(r);
    take(r, attemptO[r], false);
    if
    :: t == 0 -> give_up(r)
    :: else ->
        isConfirmed[r] = true; isRegistered[r] = true;
        if
        :: !isOwnSlot[r] && !(inHand[IX(r, 1)] || inHand[IX(r, MEETINGS)]) -> give_up(r) /* the offerer is back soon, and hears it */
        :: else
        fi
    fi
}

/* An attach that was on its way for long. Its device has gone on: nobody hears the answer, and the socket is lost. */
inline hear_ghost(d_) {
    w = ghostAt[d_]; s = ghostSerial[d_]; m = ghostMeeting[d_]; g = ghostHeld[d_];
    ghostAt[d_] = NONE; ghostSerial[d_] = 0; ghostMeeting[d_] = 0; ghostHeld[d_] = 0;
    if :: IS_JOINED(w) -> notice_epoch(w) :: else fi;
    q = dirHome;
    if
    :: room[w] != room_none && d_ == B -> home_attach_offerer(w, w, s, m)
    :: room[w] != room_none && d_ == A -> home_attach_visitor(w, w, s, m, g)
    :: room[w] == room_none && IS_JOINED(w) && IS_CURRENT && q != w && READS(w, q) && !suspect[w * R + q] && !isCut[q] ->
        if
        :: d_ == B -> send_up(w, q, up_attachOfferer, B, s, m, g)
        :: else -> send_up(w, q, up_attachVisitor, A, s, m, g)
        fi;
        send_up(w, q, up_gone, d_, s, 0, 0)
    :: else ->
        if :: d_ == B -> take_and_make(w, w, s, m) :: else fi
    fi;
    w = 0; q = 0; s = 0; m = 0; g = 0
}

/* The device loses its connection. What it sent before may be heard later. */
inline leave_socket(d_, isHeardLater) {
    if
    :: isHeardLater ->
        ghosts++;
        ghostAt[d_] = at[d_]; ghostSerial[d_] = serial[d_];
        if
        :: d_ == B -> hold(); ghostMeeting[B] = SEAT_B; ghostHeld[B] = g; g = 0
        :: else -> ghostMeeting[A] = meetingA; ghostHeld[A] = receivedA
        fi
    :: else
    fi;
    drop_socket(d_)
}

inline drain(r) {
    isDraining[r] = true;
    if :: IS_LIVE(r) -> give_up(r) :: else fi;
    for (j : 0 .. 1) {
        if :: at[j] == r && (place[j] == place_sought || place[j] == place_opening) -> rest(j) :: else fi
    }
}

/* All relays lose their connections to the directory and to the bus, and join again: it was away, or has become another one,
 * which may not have the last change. */
inline fail_over(isRolledBack) {
    if :: isRolledBack -> dirHome = oldHome; dirRun = oldRun; dirAttempt = oldAttempt :: else fi;
    for (w : 0 .. R - 1) { if :: !isCut[w] -> cut_off(w) :: else fi }
    w = 0
}

inline forget_all() {
    dirHome = NONE; dirRun = 0; dirAttempt = 0; oldHome = NONE; oldRun = 0; oldAttempt = 0;
    for (w : 0 .. R - 1) { hasForgotten[w] = true }
    w = 0
}

inline lose_guests(r) {
    for (i : 1 .. MEETINGS) {
        if :: IS_DEAD_GUEST(r, i) -> guestAt[IX(r, i)] = NONE; guestSerial[IX(r, i)] = 0 :: else fi
    }
}

/* A publish is lost. The next one, or a ping, shows the gap, and the trunk is broken before anything behind it is handed on. What
 * has no number leaves none. */
inline lose_up(e_, h_) {
    UP(e_, h_)?u, d, s, m, n;
#ifndef MUTATE_TRUNK
    if
    :: u == up_taken
    :: else -> deaf[h_ * R + e_] = true; lose_legs(h_, e_); send_down(h_, e_, down_broken, 0, 0, 0, 0, why_none)
    fi;
#endif
    d = 0; s = 0; m = 0; n = 0
}

inline lose_down(h_, e_) {
    DOWN(h_, e_)?v, d, s, m, n, y2;
#ifndef MUTATE_TRUNK
    break_trunk(e_, h_);
#endif
    d = 0; s = 0; m = 0; n = 0; y2 = why_none
}

#define PICK_OF(relay, condition) if :: relay(0, condition) -> c = 0 :: relay(1, condition) -> c = 1 THIRD(relay, condition) fi
#define OWN(r, condition) condition(r)
#define QUIET(r, condition) (IS_QUIET && condition(r))
#if RELAYS > 2
#define THIRD(relay, condition) :: relay(2, condition) -> c = 2
#else
#define THIRD(relay, condition)
#endif
#define PICK_OWN(condition) PICK_OF(OWN, condition)
#define PICK_RELAY(condition) PICK_OF(QUIET, condition)
#define PAIR(one, other, condition) :: IS_QUIET && condition(one, other) -> c = one; k = other
#if RELAYS > 2
#define PICK_PAIR(condition) if PAIR(0, 0, condition) PAIR(0, 1, condition) PAIR(0, 2, condition) PAIR(1, 0, condition) \
    PAIR(1, 1, condition) PAIR(1, 2, condition) PAIR(2, 0, condition) PAIR(2, 1, condition) PAIR(2, 2, condition) fi
#else
#define PICK_PAIR(condition) if PAIR(0, 0, condition) PAIR(0, 1, condition) PAIR(1, 0, condition) PAIR(1, 1, condition) fi
#endif

#define IS_BUSY (phaseA != visit_over || phaseB != offer_over)
#define MAY_CRASH(r) (crashes < CRASHES && faults < FAULTS && IS_BUSY)
#define MAY_SLEEP(r) (sleeps < SLEEPS && faults < FAULTS && IS_UP(r) && IS_BUSY)
#define MAY_WAKE(r) (isAsleep[r])
#define MAY_CUT_OFF(r) (cutoffs < CUTOFFS && faults < FAULTS && !isCut[r] && IS_UP(r) && IS_BUSY)
#ifdef STAYS_CUT /* a relay that is cut off never joins again */
#define MAY_JOIN(r) false
#else
#define MAY_JOIN(r) (isCut[r] && IS_UP(r))
#endif
#define MAY_DRAIN(r) (drains < DRAINS && faults < FAULTS && !isDraining[r] && IS_UP(r))
#define MAY_NOTICE(r) (hasForgotten[r] && IS_JOINED(r) && IS_UP(r))
#define MAY_REGISTER(r) (IS_LIVE(r) && !isConfirmed[r] && IS_JOINED(r) && IS_UP(r))
#define MAY_LOOK_UP(r) (IS_LIVE(r) && IS_UP(r) && offererAt[r] == NONE && IS_OTHERS(r))
#ifdef STAYS_LOST /* each relay is killed before its first minute is over */
#define MAY_BE_SURE(r) false
#else
#define MAY_BE_SURE(r) ((isDoubtful[r] || isLost[r]) && IS_JOINED(r) && IS_UP(r) && (phaseB == offer_over || IS_SETTLED))
#endif
/* Nobody can come to a relay that is cut off: it sends on whom nobody is with. */
#ifdef MUTATE_ALONE
#define IS_LEFT(r) (!inHand[IX(r, 1)] && !inHand[IX(r, 2)] && !inHand[IX(r, MEETINGS - 1)] && !inHand[IX(r, MEETINGS)])
#else
#define IS_LEFT(r) (!HAS_GUEST(r))
#endif
#define MAY_SEND_ON(r) (isCut[r] && IS_UP(r) && IS_LIVE(r) && offererAt[r] != NONE && IS_LEFT(r) && (!isCut[0] || !isCut[1] || !isCut[R - 1]))
#define MAY_GUESS(r) (guesses < GUESSES && IS_UP(r) && room[r] == room_open && offererAt[r] != NONE && IS_LET(r))
#define MAY_BE_LUCKY(r) (luck < LUCKY && IS_UP(r) && room[r] == room_open && offererAt[r] != NONE)
#ifdef MUTATE_COUNT
#define IS_LET(r) (counted[r] < LIMIT)
#else
#define IS_LET(r) true
#endif
#define MAY_NOTICE_OFFERER(r) IS_DEAD_OFFERER(r)
#define MAY_NOTICE_GUEST(r) (IS_DEAD_GUEST(r, 1) || IS_DEAD_GUEST(r, 2) || IS_DEAD_GUEST(r, MEETINGS - 1) || IS_DEAD_GUEST(r, MEETINGS))
#define IS_SILENT_ENTRY(r, o) (IS_UP(r) && r != o && isAsleep[o] && HAS_LEGS(r, o))
#define IS_HOME_ASLEEP (IS_CURRENT && isAsleep[dirHome]) /* beats have told it, or not yet */
#define MAY_TRUST(r, o) (suspect[r * R + o] && !isAsleep[o])

/* Without LATE, what a device and its own relay say to each other is heard before anything else happens: what can come between is in
 * pairing.pml. */
#ifdef LATE
#define IS_QUIET true
#else
#define HAS_OWN(r) (!isAsleep[r] && (len(UP(r, r)) > 0 || len(DOWN(r, r)) > 0))
#define IS_QUIET (!HAS_OWN(0) && !HAS_OWN(1) && !HAS_OWN(R - 1))
#endif
#define MAY_HEAR_OWN_UP(r) (MAY_HEAR_UP(r, r))
#define MAY_HEAR_OWN_DOWN(r) (len(UP(r, r)) == 0 && MAY_HEAR_DOWN(r, r))

active proctype fleet() {
    byte c, k;
    d_step {
        room[0] = room_open; isConfirmed[0] = true; isRegistered[0] = true; isOwnSlot[0] = true;
        offererAt[0] = 0;
        dirHome = 0;
        at[B] = 0; homeOf[B] = 0; place[B] = place_through
    }
    do
    :: d_step { phaseB == offer_over ->
        assert(isPairedB && isPairedA || compared >= LIMIT || isReplaced || isAstray || seatB == STRANGER) }
        break
#ifndef LATE
    /* What is said inside a relay. */
    :: atomic { PICK_OWN(MAY_HEAR_OWN_UP); d_step { hear_up(c, c); c = 0 } }
    :: atomic { PICK_OWN(MAY_HEAR_OWN_DOWN); d_step { hear_down(c, c); c = 0 } }
#endif
#ifdef PRUNES
    :: isPruned -> break
#endif
    /* The devices. */
    :: atomic { PICK_RELAY(MAY_OPEN_B); d_step { open(B, c); c = 0 } }
    :: atomic { PICK_RELAY(MAY_OPEN_A); d_step { open(A, c); c = 0 } }
    :: d_step { IS_QUIET && phaseA == visit_typing -> phaseA = visit_arriving }
    :: d_step { IS_QUIET && place[B] == place_opening && IS_UP(at[B]) -> seek(B, false, false) }
    :: d_step { IS_QUIET && place[A] == place_opening && IS_UP(at[A]) -> seek(A, false, false) }
    :: d_step { IS_QUIET && MAY_SEEK -> seek(A, false, false) }
#ifdef VERSIONS
    :: d_step { IS_QUIET && place[A] == place_opening && IS_UP(at[A]) && IS_UNREAD(at[A]) -> seek(A, false, true) }
#endif
#if SLEEPS
    :: d_step { IS_QUIET && place[B] == place_opening && IS_UP(at[B]) && IS_HOME_ASLEEP -> seek(B, false, true) }
    :: d_step { IS_QUIET && place[A] == place_opening && IS_UP(at[A]) && IS_HOME_ASLEEP -> seek(A, false, true) }
#endif
    :: d_step { IS_QUIET && place[A] == place_sought && phaseA == visit_lingering && isPairedB -> visitor_over() }
    /* An act that strangers ended: a stranger in the seat is refused by the person, or the visitor is at another room. */
    :: d_step { IS_QUIET && phaseB != offer_over && (seatB == STRANGER || phaseA == visit_over && !isPairedA) -> offerer_ends(0) }
    :: d_step { IS_QUIET && place[B] != place_none && isAsleep[at[B]] -> leave_socket(B, false) }
    :: d_step { IS_QUIET && place[A] != place_none && isAsleep[at[A]] -> leave_socket(A, false) }
#if CUTS
    :: d_step { cuts < CUTS && place[B] != place_none -> cuts++; leave_socket(B, false) }
    :: d_step { cuts < CUTS && place[A] != place_none -> cuts++; leave_socket(A, false) }
#endif
#if GHOSTS
    :: d_step { IS_QUIET && ghosts < GHOSTS && place[B] == place_opening && ghostAt[B] == NONE -> leave_socket(B, true) }
    :: d_step { IS_QUIET && ghosts < GHOSTS && place[A] == place_opening && meetingA != 0 && ghostAt[A] == NONE -> leave_socket(A, true) }
    :: d_step { IS_QUIET && ghostAt[B] != NONE && IS_UP(ghostAt[B]) -> hear_ghost(B) }
    :: d_step { IS_QUIET && ghostAt[A] != NONE && IS_UP(ghostAt[A]) -> hear_ghost(A) }
#endif
    /* What is said over a trunk. */
    :: atomic { PICK_PAIR(MAY_HEAR_UP); d_step { hear_up(c, k); c = 0; k = 0 } }
    :: atomic { PICK_PAIR(MAY_HEAR_DOWN); d_step { hear_down(c, k); c = 0; k = 0 } }
#if LOSSES
    :: atomic { PICK_PAIR(MAY_LOSE_UP); d_step { losses++; faults++; lose_up(c, k); c = 0; k = 0 } }
    :: atomic { PICK_PAIR(MAY_LOSE_DOWN); d_step { losses++; faults++; lose_down(c, k); c = 0; k = 0 } }
#endif
    /* The relays' clocks. */
#ifndef MUTATE_REGISTER
    :: atomic { PICK_RELAY(MAY_REGISTER); d_step { register(c); c = 0 } }
#endif
#ifndef MUTATE_EPOCH
    :: atomic { PICK_RELAY(MAY_NOTICE); d_step { notice_epoch(c); c = 0 } }
#endif
#ifndef MUTATE_COPY
    :: atomic { PICK_RELAY(MAY_LOOK_UP); d_step { give_up(c); c = 0 } }
#endif
    :: atomic { PICK_RELAY(MAY_BE_SURE); d_step { isDoubtful[c] = false; isLost[c] = false; c = 0 } }
#ifndef MUTATE_SEND_ON
    :: atomic { PICK_RELAY(MAY_SEND_ON); d_step { give_up(c); c = 0 } }
#endif
    :: atomic { PICK_RELAY(MAY_NOTICE_OFFERER); d_step { offererAt[c] = NONE; offererSerial[c] = 0; c = 0 } }
    :: atomic { PICK_RELAY(MAY_NOTICE_GUEST); d_step { lose_guests(c); c = 0 } }
#if SLEEPS
    :: d_step { IS_QUIET && IS_SILENT_HOME(B) -> w = at[B]; q = homeOf[B]; break_trunk(w, q); w = 0; q = 0 }
    :: d_step { IS_QUIET && IS_SILENT_HOME(A) -> w = at[A]; q = homeOf[A]; break_trunk(w, q); w = 0; q = 0 }
    :: atomic { PICK_PAIR(IS_SILENT_ENTRY); d_step { lose_legs(c, k); deaf[c * R + k] = true; send_down(c, k, down_broken, 0, 0, 0, 0, why_none); c = 0; k = 0 } }
#endif
    :: atomic { PICK_PAIR(MAY_TRUST); d_step { suspect[c * R + k] = false; c = 0; k = 0 } }
    /* Faults. */
#if CRASHES
    :: atomic { PICK_RELAY(MAY_CRASH); d_step { crashes++; faults++; crash(c); c = 0 } }
#endif
#if SLEEPS
    :: atomic { PICK_RELAY(MAY_SLEEP); d_step { sleeps++; faults++; isAsleep[c] = true; c = 0 } }
    :: atomic { PICK_RELAY(MAY_WAKE); d_step { wake(c); c = 0 } }
#endif
#if CUTOFFS
    :: atomic { PICK_RELAY(MAY_CUT_OFF); d_step { cutoffs++; faults++; cut_off(c); c = 0 } }
#endif
#if OUTAGES
    :: d_step { IS_QUIET && outages < OUTAGES && faults < FAULTS && ALL_JOINED -> outages++; faults++; fail_over(false) }
#endif
#if CUTOFFS || OUTAGES || ROLLBACKS
    :: atomic { PICK_RELAY(MAY_JOIN); d_step { join(c); c = 0 } }
#endif
#if ROLLBACKS
    :: d_step { IS_QUIET && rollbacks < ROLLBACKS && faults < FAULTS && ALL_JOINED -> rollbacks++; faults++; fail_over(true) }
#endif
#if FORGETS
    :: d_step { IS_QUIET && forgets < FORGETS && faults < FAULTS -> forgets++; faults++; forget_all() }
#endif
#if CLAIMS
    :: d_step { IS_QUIET && claims < CLAIMS && dirHome == NONE && !isForeign -> claims++; isForeign = true }
#endif
#if DRAINS
    :: atomic { PICK_RELAY(MAY_DRAIN); d_step { drains++; faults++; drain(c); c = 0 } }
#endif
    /* Strangers. */
#if GUESSES
    :: atomic { PICK_RELAY(MAY_GUESS); d_step { guesses++; counted[c]++; send_down(c, offererAt[c], down_guess, B, offererSerial[c], 0, 0, why_none); c = 0 } }
#endif
#if LUCKY
    :: atomic { PICK_RELAY(MAY_BE_LUCKY); d_step { luck++; send_down(c, offererAt[c], down_lucky, B, offererSerial[c], 0, 0, why_none); c = 0 } }
#endif
    od
}
