/*
 * The pairing as a model for the checker `spin`: one offerer, one visitor that has the right code, strangers, a relay, and a
 * network that cuts connections. What it leaves out, what is proved and how to run it: README.md beside this file.
 *
 * Each list of states is that of the Swift enum named above it, in its order; the enum names this file. A test of the
 * project (ModelTests) keeps the two the same.
 */

/* ---- Bounds: set with -D by scripts/model. */

#ifndef CODES
#define CODES 1 /* codes in one act of the offerer's user */
#endif
#ifndef GUESSES
#define GUESSES 3 /* wrong proofs compared for one code */
#endif
#ifndef TRIES
#define TRIES 3 /* proofs that a visitor sends for one code */
#endif
#ifndef PLACES
#define PLACES 2 /* meetings in hand */
#endif
#ifndef STRANGERS
#define STRANGERS 0 /* strangers' connections */
#endif
#ifndef VISITS
#define VISITS 0 /* meetings and places in line that all strangers take together */
#endif
#ifndef RETURNS
#define RETURNS 0 /* times that strangers come back by a token */
#endif
#ifndef CUTS
#define CUTS 0 /* connections lost by the honest devices */
#endif
#ifndef RESTARTS
#define RESTARTS 0 /* crashes of the relay, each followed by a start */
#endif
#ifndef SLIPS
#define SLIPS 0 /* codes that the visitor's user mistypes */
#endif
/* TYPINGS: codes that the visitor's user types. It bounds runs in which deadlines end visits without a proof: those are no
 * tries. Without it, tries and the room's end do. */
#ifndef WORKS
#define WORKS 0 /* times that the relay asks for work */
#endif
#ifndef FULLS
#define FULLS 0 /* attaches that the relay has no place for */
#endif
#ifndef ASKS
#define ASKS 0 /* whether a receiver that offers asks its user before it stores the seed */
#endif
#ifndef MEETINGS
#define MEETINGS 2 /* meetings in a run; an assertion says when they don't suffice */
#endif
#ifndef B_HOLDS
#define B_HOLDS 1
#endif
#ifndef A_HOLDS
#define A_HOLDS 0
#endif

/* Without faults that take time or people away, honest devices must pair; then no deadline may come to their help. */
#if !defined(DEADLINES) && !defined(STOPS) && !defined(NO) && !defined(NOT_STORED) && !defined(LUCKY) && !defined(FORGETS) && B_HOLDS != A_HOLDS
#define MUST_PAIR
#endif

/* ---- States. */

/* Sources/EasySetupRelayCore/Rooms/Room.swift, enum Phase */
mtype:RoomPhase = { room_open, room_seated, room_over }
/* Sources/EasySetupRelayCore/Rooms/Meeting.swift, enum Visitor */
mtype:Guest = { guest_attached, guest_detached, guest_left }
/* Sources/EasySetupRelayCore/Admission/Connections.swift, enum Phase, but for sought (a relay alone seeks nobody) */
mtype:Place = { place_new, place_early, place_offerer, place_visitor }
/* Sources/EasySetupPairingSession/Connection/SessionConnection.swift, enum State */
mtype:LinkState = { link_idle, link_connecting, link_opened, link_working, link_ready, link_resting }
/* Sources/EasySetupPairingSession/Session/OfferSession.swift, enum Phase */
mtype:OfferPhase = { offer_opening, offer_offering, offer_finishing, offer_over }
/* Sources/EasySetupPairingSession/Session/VisitSession.swift, enum Phase */
mtype:VisitPhase = { visit_arriving, visit_greeting, visit_finishing, visit_over }
/* Sources/EasySetupPairingSession/Session/TransferMachine.swift, enum Stage */
mtype:Stage = { stage_deciding, stage_given, stage_waiting, stage_accepting, stage_storing, stage_lingering, stage_closing,
                stage_over }
/* Sources/EasySetupHandshake/OffererHandshake.swift, enum State */
mtype:Answerer = { answerer_met, answerer_answered, answerer_exchanging, answerer_over }
/* Sources/EasySetupHandshake/VisitorHandshake.swift, enum State */
mtype:Greeter = { greeter_ready, greeter_greeted, greeter_proved, greeter_exchanging, greeter_over }

/* Sources/EasySetupRelayProtocol/Frames.swift, enum DeviceFrame */
mtype:DeviceFrame = { device_offer, device_visit, device_attachVisitor, device_attachOfferer, device_message, device_ack,
                 device_seat, device_close, device_leave }
/* Sources/EasySetupRelayProtocol/Frames.swift, enum RelayFrame, but for presence, goodbye (they change no state) */
mtype:RelayFrame = { relay_offered, relay_inLine, relay_met, relay_visitor, relay_message, relay_ack, relay_attachedVisitor,
                relay_attachedOfferer, relay_seated, relay_over, relay_refused, relay_workWanted }

/* Why something ended, in the relay's words and the devices'. */
mtype:Why = { why_none, why_done, why_cancelled, why_wrongProof, why_codeBurnt, why_malformed, why_noSuchCode, why_seated,
              why_expired, why_meetingOver, why_elsewhere, why_tooSlow, why_relayForgot, why_badOrder, why_lost,
              why_declined, why_codesSpent, why_triesSpent, why_notStored, why_mismatch, why_relayFull }
mtype:Outcome = { outcome_paired, outcome_failed, outcome_unsure /* sent, not confirmed */ }
/* The third message of each side. */
mtype:Last = { last_package, last_receipt, last_refusal }

#define B 0
#define A 1
#define NONE 255
#define CONNS (4 + STRANGERS) /* 0 and 1 are B's, 2 and 3 A's, then one for each stranger */
/* More than is ever on its way: an assertion says when they don't suffice. */
#define UP 10
#define DOWN 16

/* ---- The network. A frame: kind, meeting (or code), number, acknowledgement (or key), reason. */

chan up[4] = [UP] of { mtype:DeviceFrame, byte, byte, byte, mtype:Why }
chan down[4] = [DOWN] of { mtype:RelayFrame, byte, byte, byte, mtype:Why }
bool shutByRelay[4]; /* the relay has closed; the device hears what was sent before, then that it is lost */
bool goneClean[4];   /* the device has closed; the relay hears what was sent before */
bool goneCut[4];     /* lost; the relay may hear some of what was sent before, for as long as it does not notice */
/* What an attaching offerer says of its meetings, and the answer: too long for a frame here. One attach a connection. */
int heldSaid[2];
int haveSaid[2];
byte cuts, restarts, visits, returns, slips, works, fulls;
bool isFull; /* the next attach finds no place */

/* ---- The relay. */

mtype:Place place[CONNS];
byte roomOf[CONNS], meetingOf[CONNS];
byte earlyMeeting[CONNS], earlyReceived[CONNS], earlyAcked[CONNS], earlyAttempt[CONNS];
mtype:RoomPhase phase[CODES + 1];
mtype:Why ended[CODES + 1];
byte offererOf[CODES + 1], seatOf[CODES + 1];
chan line[CODES + 1] = [STRANGERS + 2] of { byte };
byte lastCode, lastMeeting, key;
/* Meetings, by number from 1. A room of 0: not in hand. */
byte roomOfMeeting[MEETINGS + 1];
byte codeOfMeeting[MEETINGS + 1]; /* as its token says, so over restarts too */
mtype:Guest guest[MEETINGS + 1];
byte guestConn[MEETINGS + 1];
bool restored[MEETINGS + 1];
/* Mailboxes, towards the offerer and towards the visitor. */
byte haveO[MEETINGS + 1], deliveredO[MEETINGS + 1], ackedO[MEETINGS + 1];
byte haveV[MEETINGS + 1], deliveredV[MEETINGS + 1], ackedV[MEETINGS + 1];
/* The acknowledgement that a kept message carries; index 4 * meeting + number. */
byte attemptO[CODES + 1], attemptV[MEETINGS + 1]; /* the last attach had */
byte rideO[4 * (MEETINGS + 1)], rideV[4 * (MEETINGS + 1)];

/* ---- Both devices. */

mtype:LinkState link[2];
byte cur[2] = NONE; /* the connection */
bool odd[2];        /* which of its two it takes next */
byte attempt[2];    /* its attaches, counted */
byte tokenKey[2];
mtype:Stage stage[2];
mtype:Outcome outcome[2];

/* ---- The offerer. */

mtype:OfferPhase phaseB = offer_opening;
byte code;       /* the room it has; 0 for none */
byte shown;      /* what its screen shows */
byte codesShown, wrong, seatB;
bool lane[MEETINGS + 1], seen[MEETINGS + 1];
mtype:Answerer sideB[MEETINGS + 1];
byte sentB[MEETINGS + 1], ackedB[MEETINGS + 1], receivedB[MEETINGS + 1];

/* ---- The visitor. */

mtype:VisitPhase phaseA = visit_over;
mtype:Greeter sideA;
byte typed, meeting, sentA, ackedA, receivedA;
bool isTypedRight, isTrySpent;
mtype:Why failedA;
bool visitorDone, offererDone;

/* ---- What only the properties look at. */

byte owner[MEETINGS + 1];         /* A, or 2 and up for strangers */
bool proofIsRight[MEETINGS + 1];
bool isSpoilt[MEETINGS + 1];      /* a valid tag with an invalid sealed payload */
mtype:Last lastOf[2 * (MEETINGS + 1)]; /* index 2 * meeting + side */
byte heard[2 * (MEETINGS + 1)];
byte compared[CODES + 1], spent[CODES + 1];
byte seatTaken[CODES + 1];         /* the meeting that has the seat, or had it before a restart */
bool known[CODES + 1], toldKnown[CODES + 1]; /* a valid tag came with an invalid payload; the user was told */
bool approved, accepted;
byte stored;                      /* in which meeting the receiver got the seed */

hidden byte i, j, x, y, z;

#define IN_HAND(m, k) (roomOfMeeting[m] == k && phase[k] != room_over)
#define OFFERER(k) offererOf[k]
#define SIDE(s, m) (2 * (m) + (s))
#define HOLDS(d) ((d) == B && B_HOLDS || (d) == A && A_HOLDS)

/* ---- The network's inlines. */

inline empty_up(c) {
    do :: len(up[c]) > 0 -> up[c]?_, _, _, _, _ :: else -> break od
}

inline empty_down(c) {
    do :: len(down[c]) > 0 -> down[c]?_, _, _, _, _ :: else -> break od
}

/* The relay sends. Strangers know all there is to know, so nothing is kept for them. */
inline tell(c, f, m_, n_, a_, r_) {
    if :: c < 4 && !goneClean[c] && !goneCut[c] -> assert(len(down[c]) < DOWN); down[c]!f, m_, n_, a_, r_ :: else fi
}

/* The relay closes. */
inline shut(c) {
    place[c] = 0; roomOf[c] = 0; meetingOf[c] = 0;
    if
    :: c < 4 ->
        empty_up(c);
        if
        :: goneClean[c] || goneCut[c] -> goneClean[c] = false; goneCut[c] = false
        :: else -> shutByRelay[c] = true
        fi
    :: else
    fi
}

/* A device sends, where its connection is up. */
inline put(d, f, m_, n_, a_, r_) {
    if :: cur[d] != NONE && !shutByRelay[cur[d]] -> assert(len(up[cur[d]]) < UP); up[cur[d]]!f, m_, n_, a_, r_ :: else fi
}

/* A device lets go of its connection. */
inline drop_connection(d, isCut) {
    if
    :: cur[d] != NONE ->
        empty_down(cur[d]);
        if
        :: shutByRelay[cur[d]] -> shutByRelay[cur[d]] = false
        :: else ->
            if
            :: isCut -> goneCut[cur[d]] = true
            :: else -> goneClean[cur[d]] = true
            fi
        fi;
        cur[d] = NONE
    :: else
    fi
}

#define CAN_OPEN(d) (link[d] == link_connecting || link[d] == link_resting) && \
    place[2 * d + odd[d]] == 0 && !shutByRelay[2 * d + odd[d]] && !goneClean[2 * d + odd[d]] && !goneCut[2 * d + odd[d]]

inline open_connection(d) {
    cur[d] = 2 * d + odd[d];
    odd[d] = 1 - odd[d];
    place[cur[d]] = place_new;
    link[d] = link_opened
}

/* ---- The relay: rooms (Sources/EasySetupRelayCore/Rooms/Room+*.swift). */

inline count_in_hand(k) { /* into x */
    x = 0;
    for (i : 1 .. MEETINGS) {
        if :: roomOfMeeting[i] == k -> x++ :: else fi
    }
}

inline meet(c, k) {
    assert(lastMeeting < MEETINGS);
    lastMeeting++;
    roomOfMeeting[lastMeeting] = k;
    guest[lastMeeting] = guest_attached;
    guestConn[lastMeeting] = c;
    meetingOf[c] = lastMeeting;
    codeOfMeeting[lastMeeting] = k;
    restored[lastMeeting] = false;
    if
    :: c < 4 -> owner[lastMeeting] = A
    :: else -> owner[lastMeeting] = c
    fi;
    tell(c, relay_met, lastMeeting, 0, key, why_none);
    if :: OFFERER(k) != NONE -> tell(OFFERER(k), relay_visitor, lastMeeting, 0, 0, why_none) :: else fi
}

inline admit(k) {
    count_in_hand(k);
    do :: phase[k] == room_open && x < PLACES && len(line[k]) > 0 -> line[k]?y; meet(y, k); x++ :: else -> break od
}

inline forget_meeting(m) {
    roomOfMeeting[m] = 0; guest[m] = 0; guestConn[m] = 0; restored[m] = false; attemptV[m] = 0;
    haveO[m] = 0; deliveredO[m] = 0; ackedO[m] = 0; haveV[m] = 0; deliveredV[m] = 0; ackedV[m] = 0;
    for (z : 0 .. 3) { rideO[4 * (m) + z] = 0; rideV[4 * (m) + z] = 0 }
}

/* A visitor that is connected is sent away with a word; its meeting is over. */
inline remove_meeting(m, why) {
    if
    :: guest[m] == guest_attached ->
        tell(guestConn[m], relay_over, 0, 0, 0, why);
        shut(guestConn[m])
    :: else
    fi;
    forget_meeting(m)
}

inline empty_line(k, f, why) {
    do :: len(line[k]) > 0 -> line[k]?y; tell(y, f, 0, 0, 0, why); shut(y) :: else -> break od
}

inline end_room(k, why) {
    if :: OFFERER(k) != NONE -> tell(OFFERER(k), relay_over, 0, 0, 0, why); shut(OFFERER(k)) :: else fi;
    offererOf[k] = NONE;
    for (j : 1 .. MEETINGS) {
        if :: roomOfMeeting[j] == k -> remove_meeting(j, why) :: else fi
    }
    empty_line(k, relay_over, why);
    phase[k] = room_over;
    if /* what later visitors hear */
    :: why == why_done || why == why_seated -> ended[k] = why_seated
    :: why == why_codeBurnt || why == why_cancelled -> ended[k] = why
    :: else -> ended[k] = why_expired
    fi
}

inline take_seat(k, m) {
    if
    :: phase[k] == room_open && roomOfMeeting[m] == k && guest[m] != guest_left ->
        for (j : 1 .. MEETINGS) {
            if :: j != m && roomOfMeeting[j] == k -> remove_meeting(j, why_seated) :: else fi
        }
        empty_line(k, relay_refused, why_seated);
        phase[k] = room_seated;
        seatOf[k] = m;
        assert(seatTaken[k] == 0 || seatTaken[k] == m);
        seatTaken[k] = m;
        if :: OFFERER(k) != NONE -> tell(OFFERER(k), relay_seated, m, 0, 0, why_none) :: else fi;
        if :: guest[m] == guest_attached -> tell(guestConn[m], relay_seated, 0, 0, 0, why_none) :: else fi
#ifdef MUTATE_SEAT
    :: phase[k] == room_seated -> seatOf[k] = m; assert(seatTaken[k] == m)
#else
    :: phase[k] == room_seated -> assert(seatOf[k] == m) /* bad-order */
#endif
    :: else
    fi
}

/* A visitor goes for good; its place stays taken. */
inline visitor_left(c, k, why) {
    if
    :: meetingOf[c] != 0 ->
        guest[meetingOf[c]] = guest_left; guestConn[meetingOf[c]] = 0;
        if :: OFFERER(k) != NONE -> tell(OFFERER(k), relay_over, meetingOf[c], 0, 0, why) :: else fi
    :: else -> leave_line(c, k)
    fi
}

inline leave_line(c, k) {
    if :: line[k]??[eval(c)] -> line[k]??eval(c) :: else fi
}

/* A connection is lost: its meeting goes on without it. */
inline lose(c) {
    if
    :: place[c] == place_offerer -> offererOf[roomOf[c]] = NONE
    :: place[c] == place_visitor && meetingOf[c] != 0 ->
        guest[meetingOf[c]] = guest_detached; guestConn[meetingOf[c]] = 0
    :: place[c] == place_visitor && meetingOf[c] == 0 -> leave_line(c, roomOf[c])
    :: else
    fi;
    place[c] = 0; roomOf[c] = 0; meetingOf[c] = 0
}

/* An attach that was on its way for so long that the device has come back by a newer one since. */
#ifdef MUTATE_ATTEMPT
#define IS_STALE(new, last) false
#else
#define IS_STALE(new, last) (new != 0 && new <= last)
#endif

/* A visitor is back: Room.attachVisitor. */
inline attach_visitor(c, m, received, acked, k, tries) {
    if
    :: roomOfMeeting[m] == k && IS_STALE(tries, attemptV[m]) -> tell(c, relay_refused, 0, 0, 0, why_elsewhere); shut(c)
    :: roomOfMeeting[m] == k && !IS_STALE(tries, attemptV[m]) && guest[m] != guest_left ->
        attemptV[m] = tries;
        assert(c >= 4 || received <= deliveredV[m] || restored[m]); /* bad-order */
#ifndef MUTATE_ELSEWHERE
        if
        :: guest[m] == guest_attached ->
            tell(guestConn[m], relay_refused, 0, 0, 0, why_elsewhere);
            shut(guestConn[m])
        :: else
        fi;
#endif
        guest[m] = guest_attached; guestConn[m] = c;
        place[c] = place_visitor; roomOf[c] = k; meetingOf[c] = m;
        tell(c, relay_attachedVisitor, 0, haveO[m], 0, why_none);
        if :: phase[k] == room_seated -> tell(c, relay_seated, 0, 0, 0, why_none) :: else fi;
        if :: received > deliveredV[m] -> deliveredV[m] = received :: else fi;
        if :: received > haveV[m] -> haveV[m] = received :: else fi;
        if
        :: received > ackedV[m] ->
            ackedV[m] = received;
            if :: OFFERER(k) != NONE -> tell(OFFERER(k), relay_ack, m, received, 0, why_none) :: else fi
        :: else
        fi;
        if :: ackedO[m] > acked -> tell(c, relay_ack, 0, ackedO[m], 0, why_none) :: else fi;
        for (j : 1 .. 3) {
            if
            :: j > received && j > ackedV[m] && j <= haveV[m] ->
                tell(c, relay_message, 0, j, rideV[4 * (m) + j], why_none)
            :: else
            fi
        }
        deliveredV[m] = haveV[m]
    :: else ->
        if
        :: phase[k] == room_seated && seatOf[k] != m -> tell(c, relay_refused, 0, 0, 0, why_seated)
        :: phase[k] == room_over -> tell(c, relay_refused, 0, 0, 0, ended[k])
        :: else -> tell(c, relay_refused, 0, 0, 0, why_meetingOver)
        fi;
        shut(c)
    fi
}

/* What `held` says of a meeting: five bits for each. */
#define HELD(s, m) ((s >> (5 * ((m) - 1))) & 1)
#define HELD_ACKED(s, m) ((s >> (5 * ((m) - 1) + 1)) & 3)
#define HELD_RECEIVED(s, m) ((s >> (5 * ((m) - 1) + 3)) & 3)
/* What `meetings` in the answer says: three bits for each. */
#define NAMED(s, m) ((s >> (3 * ((m) - 1))) & 1)
#define NAMED_HAVE(s, m) ((s >> (3 * ((m) - 1) + 1)) & 3)

/* The offerer is back; the room is made again when this run of the relay does not know it. */
inline attach_offerer(c, k, seatedHeld, tries) {
#ifndef MUTATE_RESTORE
    if
    :: phase[k] == 0 ->
        offererOf[k] = NONE;
        for (j : 1 .. MEETINGS) {
            if
            :: HELD(heldSaid[c], j) && (seatedHeld == 0 || seatedHeld == j) ->
                roomOfMeeting[j] = k; guest[j] = guest_detached; restored[j] = true;
                haveO[j] = HELD_RECEIVED(heldSaid[c], j); deliveredO[j] = haveO[j]; ackedO[j] = haveO[j];
                haveV[j] = HELD_ACKED(heldSaid[c], j); deliveredV[j] = haveV[j]; ackedV[j] = haveV[j]
            :: else
            fi
        }
        if
        :: seatedHeld != 0 ->
            phase[k] = room_seated; seatOf[k] = seatedHeld;
            assert(seatTaken[k] == 0 || seatTaken[k] == seatedHeld);
            seatTaken[k] = seatedHeld
        :: else -> phase[k] = room_open
        fi
    :: else
    fi;
#endif
    if
    :: phase[k] == 0 -> tell(c, relay_refused, 0, 0, 0, why_relayForgot); shut(c)
    :: phase[k] == room_over -> tell(c, relay_refused, 0, 0, 0, ended[k]); shut(c)
    :: phase[k] != 0 && phase[k] != room_over && IS_STALE(tries, attemptO[k]) ->
        tell(c, relay_refused, 0, 0, 0, why_elsewhere); shut(c)
    :: else ->
        attemptO[k] = tries;
#ifndef MUTATE_ELSEWHERE
        if
        :: OFFERER(k) != NONE ->
            tell(OFFERER(k), relay_refused, 0, 0, 0, why_elsewhere);
            shut(OFFERER(k))
        :: else
        fi;
#endif
        offererOf[k] = c; place[c] = place_offerer; roomOf[c] = k;
        haveSaid[c] = 0;
        for (j : 1 .. MEETINGS) {
            if
            :: roomOfMeeting[j] == k ->
                if
                :: guest[j] == guest_left -> forget_meeting(j)
                :: guest[j] != guest_left && HELD(heldSaid[c], j) ->
                    assert(HELD_RECEIVED(heldSaid[c], j) <= deliveredO[j] || restored[j]); /* bad-order */
                    haveSaid[c] = haveSaid[c] | ((1 + 2 * haveV[j]) << (3 * (j - 1)))
                :: guest[j] != guest_left && !HELD(heldSaid[c], j) && haveV[j] > 0 -> remove_meeting(j, why_meetingOver)
                :: else
                fi
            :: else
            fi
        }
        tell(c, relay_attachedOfferer, 0, 0, 0, why_none);
        for (j : 1 .. MEETINGS) {
            if
            :: roomOfMeeting[j] == k && HELD(heldSaid[c], j) ->
                x = HELD_RECEIVED(heldSaid[c], j);
                if :: x > deliveredO[j] -> deliveredO[j] = x :: else fi;
                if :: x > haveO[j] -> haveO[j] = x :: else fi;
                if
                :: x > ackedO[j] ->
                    ackedO[j] = x;
                    if :: guest[j] == guest_attached -> tell(guestConn[j], relay_ack, 0, x, 0, why_none) :: else fi
                :: else
                fi;
                if :: ackedV[j] > HELD_ACKED(heldSaid[c], j) -> tell(c, relay_ack, j, ackedV[j], 0, why_none) :: else fi
            :: roomOfMeeting[j] == k && !HELD(heldSaid[c], j) -> x = 0; tell(c, relay_visitor, j, 0, 0, why_none)
            :: else -> x = 3
            fi;
            for (z : 1 .. 3) {
                if
                :: z > x && z > ackedO[j] && z <= haveO[j] -> tell(c, relay_message, j, z, rideO[4 * j + z], why_none)
                :: else
                fi
            }
            if :: roomOfMeeting[j] == k -> deliveredO[j] = haveO[j] :: else fi
        }
        if
        :: phase[k] == room_open && seatedHeld != 0 -> take_seat(k, seatedHeld)
        :: phase[k] == room_seated && roomOfMeeting[seatOf[k]] == k ->
            tell(c, relay_seated, seatOf[k], 0, 0, why_none)
        :: else
        fi;
        admit(k)
    fi
}

/* Those who came back before their offerer. */
inline attach_early(k) {
    for (x : 0 .. CONNS - 1) {
        if
        :: place[x] == place_early && roomOf[x] == k && phase[k] != 0 ->
            attach_visitor(x, earlyMeeting[x], earlyReceived[x], earlyAcked[x], k, earlyAttempt[x])
        :: else
        fi
    }
}

/* A message of the offerer's, and of a visitor's: Room.offererSent, Room.visitorSent. */
inline offerer_sent(k, m, n, a) {
    if
    :: roomOfMeeting[m] == k && guest[m] != guest_left ->
        assert(a <= deliveredO[m] && n <= haveV[m] + 1); /* bad-order */
        if
        :: n == haveV[m] + 1 ->
            haveV[m] = n; rideV[4 * (m) + n] = a;
#ifdef MUTATE_ACK
            tell(OFFERER(k), relay_ack, m, n, 0, why_none);
#endif
            if
            :: guest[m] == guest_attached -> deliveredV[m] = n; tell(guestConn[m], relay_message, 0, n, a, why_none)
            :: else
            fi
        :: else ->
            if
            :: a > ackedO[m] && guest[m] == guest_attached -> tell(guestConn[m], relay_ack, 0, a, 0, why_none)
            :: else
            fi
        fi;
        if :: a > ackedO[m] -> ackedO[m] = a :: else fi
    :: else
    fi
}

inline visitor_sent(k, m, n, a) {
    assert(a <= deliveredV[m] && n <= haveO[m] + 1); /* bad-order */
    if
    :: n == haveO[m] + 1 ->
        haveO[m] = n; rideO[4 * (m) + n] = a;
        if :: OFFERER(k) != NONE -> deliveredO[m] = n; tell(OFFERER(k), relay_message, m, n, a, why_none) :: else fi
    :: else ->
        if :: a > ackedV[m] && OFFERER(k) != NONE -> tell(OFFERER(k), relay_ack, m, a, 0, why_none) :: else fi
    fi;
    if :: a > ackedV[m] -> ackedV[m] = a :: else fi
}

inline visit_room(c, k) {
    if
    :: k != 0 && phase[k] == room_open ->
        place[c] = place_visitor; roomOf[c] = k;
        count_in_hand(k);
        if
        :: x < PLACES -> meet(c, k)
        :: else -> line[k]!c; tell(c, relay_inLine, 0, 0, 0, why_none)
        fi
    :: else ->
        if
        :: k != 0 && phase[k] == room_seated -> tell(c, relay_refused, 0, 0, 0, why_seated)
        :: k != 0 && phase[k] == room_over -> tell(c, relay_refused, 0, 0, 0, ended[k])
        :: else -> tell(c, relay_refused, 0, 0, 0, why_noSuchCode)
        fi;
        shut(c)
    fi
}

inline come_back(c, m, received, acked, k, withKey, tries) {
    if
    :: withKey != key -> tell(c, relay_refused, 0, 0, 0, why_relayForgot); shut(c)
    :: withKey == key && phase[k] == 0 -> /* even for a room that is gone for good: it stores nothing but this */
        /* One place for a meeting: a newer attach takes that of an older one. */
        y = NONE;
        for (x : 0 .. CONNS - 1) {
            if :: place[x] == place_early && earlyMeeting[x] == m -> y = x :: else fi
        }
        if
        :: y != NONE && IS_STALE(tries, earlyAttempt[y]) -> tell(c, relay_refused, 0, 0, 0, why_elsewhere); shut(c)
        :: else ->
            if :: y != NONE -> tell(y, relay_refused, 0, 0, 0, why_elsewhere); shut(y) :: else fi;
            place[c] = place_early; roomOf[c] = k;
            earlyMeeting[c] = m; earlyReceived[c] = received; earlyAcked[c] = acked; earlyAttempt[c] = tries
        fi
    :: else -> attach_visitor(c, m, received, acked, k, tries)
    fi
}

hidden mtype:DeviceFrame df;
hidden mtype:RelayFrame rf;
hidden mtype:Why dr, rr;
hidden byte dm, dn, da, rm, rn, ra, dk;

/* What a visitor says of a meeting that it has no more has crossed with its displacement. */
#ifdef MUTATE_NAME
#define IS_NAMED(has, says) (has != 0)
#else
#define IS_NAMED(has, says) (has != 0 && has == says)
#endif

/* There is no place for what an attach would have the relay keep: a room that is made again, or a visitor that waits for its offerer. The
 * attach is refused, and changes nothing. */
inline turn_away(c) {
    isFull = false;
    tell(c, relay_refused, 0, 0, 0, why_relayFull);
    shut(c)
}

/* One frame of an honest device. */
inline hear(c) {
    up[c]?df, dm, dn, da, dr;
    dk = roomOf[c];
    if
    :: df == device_offer ->
        assert(lastCode < CODES);
        lastCode++;
        phase[lastCode] = room_open; offererOf[lastCode] = c;
        place[c] = place_offerer; roomOf[c] = lastCode;
        tell(c, relay_offered, lastCode, 0, key, why_none)
    :: df == device_visit -> visit_room(c, dm)
    :: df == device_attachOfferer ->
        if
        :: (da & 3) != key -> tell(c, relay_refused, 0, 0, 0, why_relayForgot); shut(c)
        :: (da & 3) == key && phase[dm] == 0 && isFull ->
#ifdef MUTATE_FULL
            phase[dm] = room_open; offererOf[dm] = NONE; /* a refused attach leaves a room behind */
#endif
            turn_away(c)
        :: else -> attach_offerer(c, dm, dn, (da >> 2)); attach_early(dm)
        fi
    :: df == device_attachVisitor && ((da >> 2) & 3) == key && phase[codeOfMeeting[dm]] == 0 && isFull ->
        turn_away(c)
    :: df == device_attachVisitor && !(((da >> 2) & 3) == key && phase[codeOfMeeting[dm]] == 0 && isFull) -> come_back(c, dm, dn, (da & 3), codeOfMeeting[dm], ((da >> 2) & 3), (da >> 4))
    :: df == device_message && c < 2 -> offerer_sent(dk, dm, dn, da)
    :: df == device_message && c >= 2 ->
        y = meetingOf[c];
        if :: IS_NAMED(y, dm) -> visitor_sent(dk, y, dn, da) :: else fi
    :: df == device_ack && c < 2 ->
        if
        :: roomOfMeeting[dm] == dk && guest[dm] != guest_left && dn > ackedO[dm] ->
            assert(dn <= deliveredO[dm]);
            ackedO[dm] = dn;
            if :: guest[dm] == guest_attached -> tell(guestConn[dm], relay_ack, 0, dn, 0, why_none) :: else fi
        :: else
        fi
    :: df == device_ack && c >= 2 ->
        y = meetingOf[c];
        if
        :: IS_NAMED(y, dm) && dn > ackedV[y] ->
            assert(dn <= deliveredV[y]);
            ackedV[y] = dn;
            if :: OFFERER(dk) != NONE -> tell(OFFERER(dk), relay_ack, y, dn, 0, why_none) :: else fi
        :: else
        fi
    :: df == device_seat -> take_seat(dk, dm)
    :: df == device_close ->
        if :: roomOfMeeting[dm] == dk -> remove_meeting(dm, dr); admit(dk) :: else fi
    :: df == device_leave && c < 2 -> end_room(dk, dr)
    :: df == device_leave && c >= 2 -> visitor_left(c, dk, dr); shut(c)
    :: else -> assert(false)
    fi
}

/* The relay's process is killed, and another one started with the same key, or with a new one. */
inline crash(isForgetful) {
    restarts++;
    if :: isForgetful -> key++ :: else fi;
    for (i : 0 .. CONNS - 1) {
        if
        :: place[i] != 0 ->
            if :: i < 4 -> empty_down(i) :: else fi;
            shut(i)
        :: else
        fi
    }
    for (i : 1 .. CODES) {
        phase[i] = 0; ended[i] = 0; offererOf[i] = 0; seatOf[i] = 0; attemptO[i] = 0
        for (j : 1 .. STRANGERS + 2) {
            if :: len(line[i]) > 0 -> line[i]?_ :: else fi
        }
    }
    for (i : 1 .. MEETINGS) { forget_meeting(i) }
    skip
}

/* ---- The relay's clock. While others wait, who owes a message makes room. Without DEADLINES, clocks are kind: a device
 * that is there and answers is fast enough, and a room ends by itself when its offerer is gone for good. */

#define OWES(m) (guest[m] == guest_left || haveO[m] == 0 || (haveO[m] == 1 && haveV[m] >= 1))
#ifdef DEADLINES
#define IS_SLOW(m) true
#define MAY_EXPIRE(k) true
#define PASSED true
#else
#define IS_SLOW(m) (guest[m] != guest_attached || guestConn[m] >= 4)
#define MAY_EXPIRE(k) (code != k && (codesShown >= k || phaseB == offer_over))
#define PASSED false
#endif
#define IS_DUE(m) (roomOfMeeting[m] != 0 && phase[roomOfMeeting[m]] == room_open && len(line[roomOfMeeting[m]]) > 0 && \
    OFFERER(roomOfMeeting[m]) != NONE && OWES(m) && IS_SLOW(m) && lastMeeting + len(line[roomOfMeeting[m]]) <= MEETINGS)

inline displace(m) {
    dk = roomOfMeeting[m];
    if :: guest[m] != guest_left -> tell(OFFERER(dk), relay_over, m, 0, 0, why_tooSlow) :: else fi;
    rm = NONE;
    if :: guest[m] == guest_attached -> rm = guestConn[m]; meetingOf[rm] = 0 :: else fi;
    forget_meeting(m);
    admit(dk);
    if
    :: rm != NONE && (rm < 4 || visits < VISITS) ->
        if :: rm >= 4 -> visits++ :: else fi;
        line[dk]!rm;
        tell(rm, relay_inLine, 0, 0, 0, why_none)
    :: rm != NONE && rm >= 4 && visits >= VISITS -> shut(rm)
    :: else
    fi
}

/* ---- The finale, the same for both devices (Sources/EasySetupPairingSession/Session/TransferMachine.swift). */

/* What follows message 4. */
inline start_finale(d) {
    if
    :: HOLDS(d) -> stage[d] = stage_deciding
    :: else -> stage[d] = stage_waiting
    fi
}

/* A device's next message in the meeting that counts for it. */
inline send_in_meeting(d, m) {
    if
    :: d == B ->
        sentB[m]++;
        if :: link[B] == link_ready -> put(B, device_message, m, sentB[m], receivedB[m], why_none) :: else fi
    :: else ->
        sentA++;
        if :: link[A] == link_ready -> put(A, device_message, meeting, sentA, receivedA, why_none) :: else fi
    fi
}

inline acknowledge(d, m) {
    if
    :: link[d] == link_ready && d == B -> put(B, device_ack, m, receivedB[m], 0, why_none)
    :: link[d] == link_ready && d == A -> put(A, device_ack, meeting, receivedA, 0, why_none)
    :: else
    fi
}

/* The session is over: with a word to the relay, or none. */
inline go(d, why) {
    if :: why != why_none && link[d] == link_ready -> put(d, device_leave, 0, 0, 0, why) :: else fi;
    link[d] = link_idle;
    drop_connection(d, false);
    if
    :: d == B -> phaseB = offer_over; code = 0; offererDone = true
    :: else -> phaseA = visit_over
    fi
}

inline tell_person(d, what) {
    assert(outcome[d] != outcome_paired && (d == A || outcome[d] == 0));
    outcome[d] = what
}

/* A sealed no: it takes the place of the third message, and the device stays until it is acknowledged. */
inline refuse(d, m) {
    tell_person(d, outcome_failed);
    assert(lastOf[SIDE(d, m)] == 0);
    lastOf[SIDE(d, m)] = last_refusal;
    send_in_meeting(d, m);
    stage[d] = stage_closing
}

inline give(d, m) {
    assert(approved && seatB == m && owner[m] == A && proofIsRight[m]);
    assert(lastOf[SIDE(d, m)] == 0);
    lastOf[SIDE(d, m)] = last_package;
    stage[d] = stage_given;
    send_in_meeting(d, m)
}

/* The receiver has stored the seed. */
inline confirm(d, m) {
    assert(accepted || !ASKS || d == A);
    tell_person(d, outcome_paired);
    assert(lastOf[SIDE(d, m)] == 0);
    lastOf[SIDE(d, m)] = last_receipt;
    stage[d] = stage_lingering;
    send_in_meeting(d, m)
#ifdef MUTATE_FAREWELL
    stage[d] = stage_over; go(d, why_done)
#endif
}

/* The peer's third message. */
inline finish_received(d, m) {
    rm = lastOf[SIDE(1 - d, m)];
    if
    :: stage[d] == stage_waiting && rm == last_package ->
        stored = m;
        if
#ifndef MUTATE_ACCEPT
        :: ASKS && d == B -> stage[d] = stage_accepting
#endif
        :: else -> stage[d] = stage_storing
        fi
    :: stage[d] == stage_given && rm == last_receipt ->
        stage[d] = stage_over; tell_person(d, outcome_paired); acknowledge(d, m); go(d, why_done)
    :: (stage[d] == stage_waiting || stage[d] == stage_deciding || stage[d] == stage_given) && rm == last_refusal ->
        stage[d] = stage_over; tell_person(d, outcome_failed); acknowledge(d, m);
        if :: d == A -> failedA = why_declined :: else fi;
        go(d, why_done)
    :: stage[d] == stage_accepting || stage[d] == stage_storing || stage[d] == stage_lingering || stage[d] == stage_closing ||
        stage[d] == stage_over
    :: else -> assert(false)
    fi
}

/* The meeting is gone, and nothing can be sent. */
inline finale_ended(d, why) {
    if
    :: stage[d] == stage_deciding || stage[d] == stage_waiting || stage[d] == stage_accepting ->
        stage[d] = stage_over; tell_person(d, outcome_failed);
        if :: d == A -> failedA = why :: else fi;
        go(d, why_none)
    :: stage[d] == stage_given -> stage[d] = stage_over; tell_person(d, outcome_unsure); go(d, why_none)
    :: stage[d] == stage_lingering || stage[d] == stage_closing -> stage[d] = stage_over; go(d, why_none)
    :: else
    fi
}

inline all_acknowledged(d) {
    if :: stage[d] == stage_lingering || stage[d] == stage_closing -> stage[d] = stage_over; go(d, why_done) :: else fi
}

inline finale_deadline(d, m) {
    if
    :: stage[d] == stage_deciding || stage[d] == stage_waiting || stage[d] == stage_accepting -> refuse(d, m)
    :: stage[d] == stage_given -> stage[d] = stage_over; tell_person(d, outcome_unsure); go(d, why_none)
    :: stage[d] == stage_lingering || stage[d] == stage_closing -> stage[d] = stage_over; go(d, why_none)
    :: else
    fi
}

inline finale_stopped(d, m) {
    if
    :: stage[d] == stage_deciding || stage[d] == stage_waiting || stage[d] == stage_accepting -> refuse(d, m)
    :: stage[d] == stage_given -> stage[d] = stage_over; tell_person(d, outcome_unsure); go(d, why_cancelled)
    :: else
    fi
}

/* ---- The offerer (Sources/EasySetupPairingSession/Session/OfferSession.swift, OpenRoom.swift). */

inline end_offer(why) {
    tell_person(B, outcome_failed);
    go(B, why)
}

inline clear_lane(m) {
    lane[m] = false; sideB[m] = 0;
    sentB[m] = 0; ackedB[m] = 0; receivedB[m] = 0
}

/* Another code, as long as there is one. */
inline replace_code(why) {
    if
    :: codesShown < CODES ->
        if :: why != why_none && link[B] == link_ready -> put(B, device_leave, 0, 0, 0, why) :: else fi;
        for (i : 1 .. MEETINGS) { clear_lane(i) }
        code = 0; shown = 0; wrong = 0;
        phaseB = offer_opening;
        drop_connection(B, false);
        link[B] = link_connecting
    :: else -> shown = 0; end_offer(why)
    fi
}

inline offerer_connected() {
    open_connection(B);
    if
    :: code == 0 -> put(B, device_offer, 0, 0, 0, why_none)
    :: else ->
        heldSaid[cur[B]] = 0;
        for (i : 1 .. MEETINGS) {
            if
            :: lane[i] ->
                heldSaid[cur[B]] = heldSaid[cur[B]] | ((1 + 2 * ackedB[i] + 8 * receivedB[i]) << (5 * (i - 1)))
            :: else
            fi
        }
        attempt[B]++;
        put(B, device_attachOfferer, code, seatB, tokenKey[B] + 4 * attempt[B], why_none)
    fi
}

inline offerer_lost() {
    if
    :: code == 0 -> end_offer(why_none)
    :: else ->
        link[B] = link_resting
    fi
}

/* The one place where a guess is tested. */
inline check_proof(m) {
#ifndef MUTATE_GUESSES
    if
    :: wrong >= GUESSES -> sideB[m] = answerer_over; put(B, device_close, m, 0, 0, why_codeBurnt); clear_lane(m)
    :: else ->
#else
    if
    :: true ->
#endif
        assert(!known[code]);
        if
        :: isSpoilt[m] -> /* a valid tag with an invalid sealed payload */
            known[code] = true;
            sideB[m] = answerer_over;
            clear_lane(m);
            if :: link[B] == link_ready -> put(B, device_close, m, 0, 0, why_malformed) :: else fi;
#ifndef MUTATE_KNOWN
            toldKnown[code] = true;
            replace_code(why_codeBurnt)
#endif
        :: proofIsRight[m] && !isSpoilt[m] ->
#ifndef MUTATE_SEAT
            assert(phaseB == offer_offering);
            for (i : 1 .. MEETINGS) {
                if :: i != m -> clear_lane(i) :: else fi
            }
#endif
            sideB[m] = answerer_exchanging;
            phaseB = offer_finishing;
            seatB = m;
            start_finale(B);
            if :: B_HOLDS == A_HOLDS -> stage[B] = stage_closing; tell_person(B, outcome_failed) :: else fi;
            if :: link[B] == link_ready -> put(B, device_seat, m, 0, 0, why_none) :: else fi;
            send_in_meeting(B, m)
        :: else ->
            wrong++; compared[code]++; assert(compared[code] <= GUESSES);
            sideB[m] = answerer_over;
            clear_lane(m);
            if :: link[B] == link_ready -> put(B, device_close, m, 0, 0, why_wrongProof) :: else fi;
#ifndef MUTATE_GUESSES
            if :: wrong >= GUESSES -> replace_code(why_codeBurnt) :: else fi
#endif
        fi
    fi
}

inline offerer_message(m, n, a) {
    if
    :: lane[m] ->
        assert(a <= sentB[m]);
        if :: a > ackedB[m] -> ackedB[m] = a :: else fi;
        if
        :: n > receivedB[m] ->
            assert(n == receivedB[m] + 1); /* a gap */
            receivedB[m] = n;
            assert(heard[SIDE(B, m)] + 1 == n); /* once, and in order */
            heard[SIDE(B, m)] = n;
            if
            :: sideB[m] == answerer_met -> sideB[m] = answerer_answered; send_in_meeting(B, m)
            :: sideB[m] == answerer_answered -> check_proof(m)
            :: sideB[m] == answerer_exchanging -> finish_received(B, m)
            :: else -> assert(false)
            fi
        :: else
        fi;
        offerer_settle(m)
    :: else
    fi
}

inline offerer_settle(m) {
    if :: phaseB == offer_finishing && seatB == m && lane[m] && ackedB[m] == sentB[m] -> all_acknowledged(B) :: else fi
}

inline offerer_over(m, why) {
    clear_lane(m);
    if :: phaseB == offer_finishing && seatB == m -> finale_ended(B, why) :: else fi
}

inline room_over_for_offerer(why) {
    if
    :: phaseB == offer_opening -> end_offer(why_none)
    :: phaseB == offer_offering && (why == why_expired || why == why_relayForgot) -> replace_code(why_none)
    :: phaseB == offer_offering && why != why_expired && why != why_relayForgot -> end_offer(why_none)
    :: phaseB == offer_finishing -> finale_ended(B, why)
    :: else
    fi
}

inline offerer_attached() {
    assert(link[B] == link_opened);
    link[B] = link_ready;
    for (j : 1 .. MEETINGS) {
        if
        :: phaseB != offer_over && lane[j] && !NAMED(haveSaid[cur[B]], j) -> offerer_over(j, why_meetingOver)
        :: else
        fi
    }
    if :: phaseB == offer_finishing -> put(B, device_seat, seatB, 0, 0, why_none) :: else fi;
#ifndef MUTATE_RESEND
    if
    :: phaseB != offer_over ->
        for (j : 1 .. MEETINGS) {
            for (z : 1 .. 3) {
                if
                :: lane[j] && z > NAMED_HAVE(haveSaid[cur[B]], j) && z > ackedB[j] && z <= sentB[j] ->
                    put(B, device_message, j, z, receivedB[j], why_none)
                :: else
                fi
            }
        }
    :: else
    fi;
#endif
    if :: phaseB == offer_finishing -> offerer_settle(seatB) :: else fi
}

inline offerer_hears() {
    down[cur[B]]?rf, rm, rn, ra, rr;
    dm = rm;
    if
    :: rf == relay_offered ->
        assert(phaseB == offer_opening && (link[B] == link_opened || link[B] == link_working));
        link[B] = link_ready;
        code = dm; shown = dm; tokenKey[B] = ra; codesShown++;
        phaseB = offer_offering
    :: rf == relay_workWanted ->
        assert(phaseB == offer_opening && (link[B] == link_opened || link[B] == link_working));
        link[B] = link_working;
        put(B, device_offer, 0, 0, 0, why_none)
    :: rf == relay_visitor && phaseB == offer_offering ->
        if
        :: seen[dm] -> put(B, device_close, dm, 0, 0, why_malformed)
        :: else -> seen[dm] = true; lane[dm] = true; sideB[dm] = answerer_met
        fi
    :: rf == relay_visitor && phaseB != offer_offering
    :: rf == relay_message -> offerer_message(dm, rn, ra)
    :: rf == relay_ack ->
        if
        :: lane[dm] ->
            if
#ifndef MUTATE_LIAR
            :: rn > sentB[dm] && phaseB == offer_offering && owner[dm] != A ->
                put(B, device_close, dm, 0, 0, why_malformed); clear_lane(dm)
#endif
            :: else ->
                assert(rn <= sentB[dm]);
                if :: rn > ackedB[dm] -> ackedB[dm] = rn :: else fi;
                offerer_settle(dm)
            fi
        :: else
        fi
    :: rf == relay_attachedOfferer -> offerer_attached()
    :: rf == relay_seated
    :: rf == relay_over && dm != 0 -> offerer_over(dm, rr)
    :: rf == relay_over && dm == 0 -> room_over_for_offerer(rr)
#ifndef MUTATE_WAIT
    :: rf == relay_refused && rr == why_relayFull ->
        drop_connection(B, false);
        link[B] = link_resting
    :: rf == relay_refused && rr != why_relayFull -> room_over_for_offerer(rr)
#else
    :: rf == relay_refused -> room_over_for_offerer(rr)
#endif
    :: else -> assert(false)
    fi
}

/* ---- The visitor (Sources/EasySetupPairingSession/Session/VisitSession.swift, Greeting.swift). */

inline end_visit(why, word) {
    failedA = why;
    outcome[A] = outcome_failed;
    go(A, word)
}

inline visitor_connected() {
    open_connection(A);
    if
    :: phaseA == visit_arriving -> put(A, device_visit, typed, 0, 0, why_none)
    :: else ->
        attempt[A]++;
        put(A, device_attachVisitor, meeting, receivedA, ackedA + 4 * tokenKey[A] + 16 * attempt[A], why_none)
    fi
}

inline visitor_lost() {
    if
    :: phaseA == visit_arriving -> end_visit(why_lost, why_none)
    :: else ->
        link[A] = link_resting
    fi
}

inline visitor_gone(why) {
    if
    :: phaseA == visit_greeting && why == why_meetingOver && !isTrySpent ->
        phaseA = visit_arriving;
        drop_connection(A, false);
        link[A] = link_resting
    :: phaseA == visit_finishing -> finale_ended(A, why)
    :: else -> end_visit(why, why_none)
    fi
}

inline visitor_settle() {
    if :: phaseA == visit_finishing && ackedA == sentA -> all_acknowledged(A) :: else fi
}

inline visitor_message(n, a) {
    assert(a <= sentA);
    if :: a > ackedA -> ackedA = a :: else fi;
    if
    :: n > receivedA ->
        assert(n == receivedA + 1); /* a gap */
        receivedA = n;
        assert(heard[SIDE(A, meeting)] + 1 == n);
        heard[SIDE(A, meeting)] = n;
        if
        :: sideA == greeter_greeted ->
            sideA = greeter_proved;
            isTrySpent = true;
            spent[typed]++; assert(spent[typed] <= TRIES);
            proofIsRight[meeting] = isTypedRight;
            send_in_meeting(A, meeting)
        :: sideA == greeter_proved ->
            sideA = greeter_exchanging;
            phaseA = visit_finishing;
            if
            :: B_HOLDS == A_HOLDS ->
                acknowledge(A, meeting);
                end_visit(why_mismatch, why_done)
            :: else -> start_finale(A)
            fi
        :: sideA == greeter_exchanging -> finish_received(A, meeting)
        :: else -> assert(false)
        fi
    :: else
    fi;
    visitor_settle()
}

inline visitor_hears() {
    down[cur[A]]?rf, rm, rn, ra, rr;
    dm = rm;
    if
    :: rf == relay_inLine ->
        link[A] = link_ready;
        assert(phaseA == visit_arriving || phaseA == visit_greeting);
        if
        :: isTrySpent -> end_visit(why_lost, why_cancelled)
        :: else -> phaseA = visit_arriving
        fi
    :: rf == relay_met ->
        link[A] = link_ready;
        assert(phaseA == visit_arriving && (sideA == greeter_ready || sideA == greeter_greeted));
        sideA = greeter_greeted;
        phaseA = visit_greeting;
        meeting = dm; tokenKey[A] = ra;
        sentA = 0; ackedA = 0; receivedA = 0;
        send_in_meeting(A, meeting)
    :: rf == relay_workWanted ->
        assert(phaseA == visit_arriving && (link[A] == link_opened || link[A] == link_working));
        link[A] = link_working;
        put(A, device_visit, typed, 0, 0, why_none)
    :: rf == relay_attachedVisitor ->
        assert(link[A] == link_opened && phaseA != visit_arriving);
        link[A] = link_ready;
#ifndef MUTATE_RESEND
        for (z : 1 .. 3) {
            if :: z > rn && z > ackedA && z <= sentA -> put(A, device_message, meeting, z, receivedA, why_none) :: else fi
        }
#endif
        visitor_settle()
    :: rf == relay_message -> visitor_message(rn, ra)
    :: rf == relay_ack ->
        assert(rn <= sentA);
        if :: rn > ackedA -> ackedA = rn :: else fi;
        visitor_settle()
    :: rf == relay_seated
    :: rf == relay_over -> visitor_gone(rr)
#ifndef MUTATE_WAIT
    :: rf == relay_refused && rr == why_relayFull ->
        drop_connection(A, false);
        link[A] = link_resting
    :: rf == relay_refused && rr != why_relayFull -> visitor_gone(rr)
#else
    :: rf == relay_refused -> visitor_gone(rr)
#endif
    :: else -> assert(false)
    fi
}

/* ---- Processes. */

#ifdef MUTATE_TRIES
#define HAS_TRIES true
#else
#define HAS_TRIES (spent[shown] < TRIES)
#endif
#ifdef TYPINGS
byte typings;
#define MAY_TYPE (typings < TYPINGS)
#define TYPED typings++;
#else
#define MAY_TYPE true
#define TYPED
#endif
/* Who has shown the outcome lingers for somebody who is gone, until a deadline. */
#define IS_ALONE(d, isOtherGone) ((isOtherGone) && (stage[d] == stage_lingering || stage[d] == stage_closing))
#define IS_UP(d) (cur[d] != NONE)
#define HAS_FRAME(d) (IS_UP(d) && len(down[cur[d]]) > 0)
#define IS_LOST(d) (IS_UP(d) && shutByRelay[cur[d]] && len(down[cur[d]]) == 0)
#ifdef MUST_PAIR /* before there is a room nothing is lost: the person hears at once, and starts again */
#define MAY_HURT_B (code != 0)
#define MAY_HURT_A (phaseA != visit_over)
#else
#define MAY_HURT_B true
#define MAY_HURT_A true
#endif

active proctype offerer() {
    link[B] = link_connecting;
    do
    :: d_step { CAN_OPEN(B) -> offerer_connected() }
    :: d_step { HAS_FRAME(B) -> offerer_hears() }
    :: d_step { IS_LOST(B) -> shutByRelay[cur[B]] = false; cur[B] = NONE; offerer_lost() }
    :: d_step { cuts < CUTS && IS_UP(B) && MAY_HURT_B -> cuts++; drop_connection(B, true); offerer_lost() }
    /* The person says yes to the device in his hands alone. */
    :: d_step { phaseB == offer_finishing && stage[B] == stage_deciding && owner[seatB] == A -> approved = true; give(B, seatB) }
#if defined(NO) || defined(LUCKY)
    :: d_step { phaseB == offer_finishing && stage[B] == stage_deciding -> refuse(B, seatB) }
#endif
#ifdef MUTATE_APPROVAL
    :: d_step { phaseB == offer_finishing && stage[B] == stage_deciding -> give(B, seatB) }
#endif
    /* And yes to the chain of that device. */
    :: d_step { stage[B] == stage_accepting && owner[seatB] == A -> accepted = true; stage[B] = stage_storing }
#if defined(NO) && ASKS
    :: d_step { stage[B] == stage_accepting -> refuse(B, seatB) }
#endif
    :: d_step { stage[B] == stage_storing -> confirm(B, seatB) }
#ifdef NOT_STORED
    :: d_step { stage[B] == stage_storing -> refuse(B, seatB) }
#endif
    :: d_step { PASSED && phaseB == offer_offering -> replace_code(why_expired) }
    :: d_step { phaseB == offer_finishing && (PASSED || IS_ALONE(B, phaseA == visit_over)) -> finale_deadline(B, seatB) }
#ifdef STOPS
    :: d_step { phaseB == offer_opening || phaseB == offer_offering -> end_offer(why_cancelled) }
    :: d_step { phaseB == offer_finishing && stage[B] != stage_over -> finale_stopped(B, seatB) }
#endif
    :: phaseB == offer_over -> break
    od
}

active proctype visitor() {
    do
    /* The person types the code that is shown: rightly, or with a slip. */
    :: d_step { phaseA == visit_over && outcome[A] != outcome_paired && !visitorDone && phaseB == offer_offering && shown != 0 &&
        (shown != typed || failedA != why_noSuchCode || offererOf[shown] != NONE) && HAS_TRIES && MAY_TYPE ->
        TYPED
        typed = shown; isTypedRight = true;
        outcome[A] = 0; failedA = why_none;
        phaseA = visit_arriving; sideA = greeter_ready; isTrySpent = false; meeting = 0;
        link[A] = link_connecting }
    :: d_step { phaseA == visit_arriving && link[A] == link_connecting && isTypedRight && slips < SLIPS ->
        slips++; isTypedRight = false }
    :: d_step { CAN_OPEN(A) -> visitor_connected() }
    :: d_step { HAS_FRAME(A) -> visitor_hears() }
    :: d_step { IS_LOST(A) -> shutByRelay[cur[A]] = false; cur[A] = NONE; visitor_lost() }
    :: d_step { cuts < CUTS && IS_UP(A) && MAY_HURT_A -> cuts++; drop_connection(A, true); visitor_lost() }
    :: d_step { stage[A] == stage_deciding && phaseA == visit_finishing -> approved = true; give(A, meeting) }
#ifdef NO
    :: d_step { stage[A] == stage_deciding && phaseA == visit_finishing -> failedA = why_declined; refuse(A, meeting) }
#endif
    :: d_step { stage[A] == stage_storing -> confirm(A, meeting) }
#ifdef NOT_STORED
    :: d_step { stage[A] == stage_storing -> failedA = why_notStored; refuse(A, meeting) }
#endif
    :: d_step { PASSED && phaseA == visit_arriving -> end_visit(why_expired, why_cancelled) }
    :: d_step { PASSED && phaseA == visit_greeting -> end_visit(why_expired, why_cancelled) }
    :: d_step { phaseA == visit_finishing && (PASSED || IS_ALONE(A, phaseB == offer_over)) ->
        failedA = why_expired; finale_deadline(A, meeting) }
#ifdef STOPS
    :: d_step { phaseA == visit_arriving || phaseA == visit_greeting -> visitorDone = true; end_visit(why_cancelled, why_cancelled) }
    :: d_step { phaseA == visit_finishing && stage[A] != stage_over -> visitorDone = true; failedA = why_cancelled; finale_stopped(A, meeting) }
#endif
    /* Nothing more to type. */
    :: phaseA == visit_over && (outcome[A] == outcome_paired || visitorDone || phaseB == offer_over || phaseB == offer_finishing) ->
        break
    od;
    visitorDone = true
}

/* When both are done. */
active proctype judge() {
    d_step { visitorDone && offererDone ->
        if
        :: B_HOLDS && outcome[B] == outcome_paired -> assert(outcome[A] == outcome_paired)
        :: A_HOLDS && outcome[A] == outcome_paired -> assert(outcome[B] == outcome_paired)
        :: !B_HOLDS && outcome[B] == outcome_paired -> assert(outcome[A] == outcome_paired || outcome[A] == outcome_unsure)
        :: !A_HOLDS && outcome[A] == outcome_paired -> assert(outcome[B] == outcome_paired || outcome[B] == outcome_unsure)
        :: else
        fi;
        for (i : 1 .. CODES) { assert(!known[i] || toldKnown[i]) }
#ifdef MUST_PAIR
        assert(outcome[A] == outcome_paired && outcome[B] == outcome_paired || compared[CODES] >= GUESSES || known[CODES])
#endif
    }
}

/* What the relay does next is picked first and done in one place, for the checker's program is long enough. */
mtype:Act = { act_visit, act_speak, act_guess, act_spoil, act_leave, act_vanish, act_return }

/* A stranger: it comes, speaks and goes as it likes, and knows no code. What it says reaches the relay at once, for that
 * it was said earlier is nobody's to see. It waits for the offerer to read: its channels are short. */
#define CAN_ACT (len(down[0]) < 4 && len(down[1]) < 4 && len(up[0]) < 3 && len(up[1]) < 3)
#define MAY_VISIT(s, k_) CAN_ACT && place[s] == 0 && visits < VISITS && phase[k_] == room_open -> c = s; k = k_; act = act_visit
#define MAY_SPEAK(s) CAN_ACT && meetingOf[s] != 0 && haveO[meetingOf[s]] < 2 -> c = s; act = act_speak
#ifdef LUCKY
#define MAY_GUESS(s) CAN_ACT && meetingOf[s] != 0 && haveO[meetingOf[s]] == 1 -> c = s; act = act_guess
#else
#define MAY_GUESS(s) false -> skip
#endif
#ifdef KNOWN
#define MAY_SPOIL(s) CAN_ACT && meetingOf[s] != 0 && haveO[meetingOf[s]] == 1 -> c = s; act = act_spoil
#else
#define MAY_SPOIL(s) false -> skip
#endif
#define MAY_LEAVE(s) CAN_ACT && place[s] == place_visitor -> c = s; act = act_leave
#define MAY_VANISH(s) place[s] != 0 -> c = s; act = act_vanish
#define MAY_RETURN(s, m_) CAN_ACT && place[s] == 0 && owner[m_] == s && returns < RETURNS -> c = s; m = m_; act = act_return

#define IS_NOTICED(c_) (goneCut[c_] || goneClean[c_] && len(up[c_]) == 0)
#define IS_LIVE(k_) (phase[k_] != 0 && phase[k_] != room_over && MAY_EXPIRE(k_))
#define MAY_CRASH (restarts < RESTARTS && MAY_HURT_B && MAY_HURT_A)

active proctype relay() {
    byte c, k, m;
    mtype:Act act;
end:
    do
    :: atomic { if
        :: len(up[0]) > 0 -> c = 0
        :: len(up[1]) > 0 -> c = 1
        :: len(up[2]) > 0 -> c = 2
        :: len(up[3]) > 0 -> c = 3
        fi;
        d_step { hear(c); c = 0 } }
    :: atomic { if
        :: IS_NOTICED(0) -> c = 0
        :: IS_NOTICED(1) -> c = 1
        :: IS_NOTICED(2) -> c = 2
        :: IS_NOTICED(3) -> c = 3
        fi;
        d_step { empty_up(c); goneCut[c] = false; goneClean[c] = false; lose(c); c = 0 } }
#if WORKS
    :: atomic { if
        :: works < WORKS && (link[B] == link_opened || link[B] == link_working) && up[0]?[device_offer, _, _, _, _] -> c = 0
        :: works < WORKS && (link[B] == link_opened || link[B] == link_working) && up[1]?[device_offer, _, _, _, _] -> c = 1
        :: works < WORKS && (link[A] == link_opened || link[A] == link_working) && up[2]?[device_visit, _, _, _, _] -> c = 2
        :: works < WORKS && (link[A] == link_opened || link[A] == link_working) && up[3]?[device_visit, _, _, _, _] -> c = 3
        fi;
        d_step { works++; up[c]?df, dm, dn, da, dr; tell(c, relay_workWanted, 0, 0, 0, why_none); c = 0 } }
#endif
#if FULLS
    :: d_step { fulls < FULLS && !isFull && restarts > 0 -> fulls++; isFull = true }
#endif
#if RESTARTS
    :: atomic { if
        :: MAY_CRASH -> m = 0
#ifdef FORGETS
        :: MAY_CRASH -> m = 1
#endif
        fi;
        d_step { crash(m); m = 0 } }
#endif
    :: atomic { if
        :: IS_LIVE(1) -> k = 1
#if CODES > 1
        :: IS_LIVE(2) -> k = 2
#endif
#if CODES > 2
        :: IS_LIVE(3) -> k = 3
#endif
        fi;
        d_step { end_room(k, why_expired); k = 0 } }
#if STRANGERS || CUTS
    :: atomic { if
        :: IS_DUE(1) -> m = 1
        :: IS_DUE(2) -> m = 2
#if MEETINGS > 2
        :: IS_DUE(3) -> m = 3
#endif
#if MEETINGS > 3
        :: IS_DUE(4) -> m = 4
#endif
#if MEETINGS > 4
        :: IS_DUE(5) -> m = 5
#endif
#if MEETINGS > 5
        :: IS_DUE(6) -> m = 6
#endif
        fi;
        d_step { displace(m); m = 0 } }
#endif
#if STRANGERS
    :: atomic { if
        :: MAY_VISIT(4, 1)
        :: MAY_SPEAK(4)
        :: MAY_GUESS(4)
        :: MAY_SPOIL(4)
        :: MAY_LEAVE(4)
        :: MAY_VANISH(4)
        :: MAY_RETURN(4, 1)
        :: MAY_RETURN(4, 2)
#if CODES > 1
        :: MAY_VISIT(4, 2)
#endif
#if STRANGERS > 1
        :: MAY_VISIT(5, 1)
        :: MAY_SPEAK(5)
        :: MAY_GUESS(5)
        :: MAY_SPOIL(5)
        :: MAY_LEAVE(5)
        :: MAY_VANISH(5)
        :: MAY_RETURN(5, 1)
        :: MAY_RETURN(5, 2)
#endif
        fi;
        d_step {
            if
            :: act == act_visit -> visits++; visit_room(c, k)
            :: act == act_speak -> m = meetingOf[c]; dn = haveO[m] + 1; visitor_sent(roomOf[c], m, dn, 0)
            :: act == act_guess -> m = meetingOf[c]; proofIsRight[m] = true; visitor_sent(roomOf[c], m, 2, 0)
            :: act == act_spoil -> m = meetingOf[c]; isSpoilt[m] = true; visitor_sent(roomOf[c], m, 2, 0)
            :: act == act_leave -> visitor_left(c, roomOf[c], why_cancelled); shut(c)
            :: act == act_vanish -> lose(c)
            :: else ->
                returns++;
                /* After a restart the relay takes a visitor's word for what it has. */
                dn = (restored[m] -> 3 : 0);
                come_back(c, m, dn, 0, codeOfMeeting[m], key, 0)
            fi;
            c = 0; k = 0; m = 0; act = 0
        } }
#endif
    od
}
