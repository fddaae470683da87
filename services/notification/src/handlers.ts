/** The facts that people are told of, and what each does. */
import { CoursePublishedSchema, type CoursePublished } from
  "@coursemesh/contracts/src/coursemesh/course/v1/course_events_pb.ts";
import {
  CertificateIssuedSchema,
  EnrollmentActivatedSchema,
  EnrollmentCancelledSchema,
} from "@coursemesh/contracts/src/coursemesh/enrollment/v1/enrollment_events_pb.ts";
import { PaymentDeclinedSchema, PaymentRefundedSchema } from
  "@coursemesh/contracts/src/coursemesh/payment/v1/payment_events_pb.ts";
import { UserProfileChangedSchema, UserRegisteredSchema, type UserProfileChanged, type UserRegistered } from
  "@coursemesh/contracts/src/coursemesh/user/v1/user_events_pb.ts";

import { on, type Handler } from "./chassis/consumer.ts";
import { Malformed, type Incoming } from "./chassis/facts.ts";
import type { Kind } from "./domain/kinds.ts";
import * as words from "./domain/words.ts";
import type { Unit } from "./usecases/ports.ts";
import { tell } from "./usecases/telling.ts";
import * as wire from "./wire.ts";

/** Somebody is new: their address is kept, and they are welcome. */
async function welcome(unit: Unit, { user }: UserRegistered, fact: Incoming): Promise<void> {
  if (user === undefined) throw new Malformed("it tells of nobody");
  await unit.keep(wire.person(user));
  await notify(unit, fact, user.id, "WELCOME", user.id, words.welcome());
}

/** Letters go out under the name that people have now. */
async function keepPerson(unit: Unit, { user }: UserProfileChanged): Promise<void> {
  if (user === undefined) throw new Malformed("it tells of nobody");
  await unit.keep(wire.person(user));
}

/** Those who follow one of the tags are told by the announcer, some at a time: there may be very many. */
async function announce(unit: Unit, { course }: CoursePublished, fact: Incoming): Promise<void> {
  if (course === undefined) throw new Malformed("it tells of no course");
  const tags = [...new Set(course.tags.map((tag) => tag.trim().toLowerCase()))].slice(0, 50);
  const told = words.published(course.title, course.summary);
  await unit.announce({ factId: fact.id, subjectId: course.id, words: told, tags, reached: "" }, new Date());
}

async function notify(
  unit: Unit,
  fact: Incoming,
  recipientId: string,
  kind: Kind,
  subjectId: string,
  said: words.Words,
): Promise<void> {
  if (recipientId === "" || recipientId.length > 64 || subjectId.length > 64) throw new Malformed("it tells of nobody");
  await tell(unit, { factId: fact.id, recipientId, kind, subjectId, words: said });
}

export const HANDLERS: readonly Handler<Unit>[] = [
  on(UserRegisteredSchema, welcome),
  on(UserProfileChangedSchema, keepPerson),
  on(EnrollmentActivatedSchema, (unit, { learnerId, enrollmentId, courseTitle }, fact) =>
    notify(unit, fact, learnerId, "ENROLLMENT_ACTIVATED", enrollmentId, words.activated(courseTitle))),
  on(EnrollmentCancelledSchema, (unit, { learnerId, enrollmentId, courseTitle }, fact) =>
    notify(unit, fact, learnerId, "ENROLLMENT_CANCELLED", enrollmentId, words.cancelled(courseTitle))),
  on(PaymentDeclinedSchema, (unit, { learnerId, paymentId, amount, declineReason }, fact) =>
    notify(unit, fact, learnerId, "PAYMENT_DECLINED", paymentId, words.declined(amount, declineReason))),
  on(PaymentRefundedSchema, (unit, { learnerId, paymentId, amount }, fact) =>
    notify(unit, fact, learnerId, "PAYMENT_REFUNDED", paymentId, words.refunded(amount))),
  on(CertificateIssuedSchema, (unit, { learnerId, enrollmentId, courseTitle, certificateCode }, fact) =>
    notify(unit, fact, learnerId, "CERTIFICATE_ISSUED", enrollmentId, words.certified(courseTitle, certificateCode))),
  on(CoursePublishedSchema, announce),
];
