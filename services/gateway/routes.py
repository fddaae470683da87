"""The one route table: HTTP to RPC. The OpenAPI document, the limits, the cache and the tests all come from it."""

from collections.abc import Mapping

from services.gateway.route import WHOLE, Auth, Cached, Kind, Rate, Route

# A stream ends after this many seconds, as the access token does at the latest; the client opens another, from where
# it was.
_STREAM = 900.0
# A password is hashed slowly on purpose, and hashes queue.
_PASSWORD = 10.0

_PAGE: Mapping[str, str] = {"pageSize": "page_size", "pageToken": "page_token"}
_SEARCH: Mapping[str, str] = {
    "q": "query",
    "level": "levels",
    "tag": "tags",
    "language": "languages",
    "minAmountMinor": "min_amount_minor",
    "maxAmountMinor": "max_amount_minor",
}
_COURSES: Mapping[str, str] = {"instructorId": "instructor_id", "level": "level", "tag": "tag"}
_LEARNER: Mapping[str, str] = {"learnerId": "learner_id"}


def _open(path: str, rpc: str, success: int, budget: float = 5.0) -> Route:
    """A route on which passwords or refresh tokens can be tried out."""
    return Route(
        method="POST",
        path=path,
        rpc=rpc,
        body=WHOLE,
        auth=Auth.NONE,
        success=success,
        budget=budget,
        rate=Rate.CREDENTIALS,
    )


def _get(path: str, rpc: str, *, query: Mapping[str, str] | None = None, auth: Auth = Auth.NEEDED) -> Route:
    return Route(method="GET", path=path, rpc=rpc, query=query or {}, auth=auth)


def _write(method: str, path: str, rpc: str, body: str = WHOLE) -> Route:
    return Route(method=method, path=path, rpc=rpc, body=body)


def _course(method: str, path: str, rpc: str, body: str = WHOLE, success: int = 200, location: str = "") -> Route:
    """A change to the catalog."""
    return Route(method=method, path=path, rpc=rpc, body=body, success=success, location=location, writes_catalog=True)


USERS = (
    _open("/api/users/register", "user.Register", 201, _PASSWORD),
    _open("/api/users/login", "user.LogIn", 200, _PASSWORD),
    _open("/api/users/refresh", "user.RefreshToken", 200),
    _open("/api/users/logout", "user.LogOut", 204),
    Route(method="GET", path="/api/users/me", rpc="user.GetUser", unused=("user_id",)),
    _write("PATCH", "/api/users/me", "user.UpdateProfile"),
    _get("/api/users", "user.ListUsers", query=_PAGE),
    _write("PUT", "/api/users/{userId}/role", "user.SetRole"),
    _get("/api/jwks", "user.GetJwks", auth=Auth.NONE),
    _write("POST", "/api/keys/rotate", "user.RotateSigningKey"),
)

COURSES = (
    Route(
        method="GET",
        path="/api/courses",
        rpc="course.ListCourses",
        query={**_COURSES, **_PAGE},
        auth=Auth.OPTIONAL,
        cached=Cached.LIST,
    ),
    Route(
        method="GET",
        path="/api/courses/{courseId}",
        rpc="course.GetCourse",
        auth=Auth.OPTIONAL,
        cached=Cached.COURSE,
    ),
    _course("POST", "/api/courses", "course.CreateCourse", "draft", 201, "/api/courses/{course.id}"),
    _course("PATCH", "/api/courses/{courseId}", "course.UpdateCourse", "draft"),
    _course("POST", "/api/courses/{courseId}/publish", "course.PublishCourse"),
    _course("POST", "/api/courses/{courseId}/archive", "course.ArchiveCourse"),
)

SEARCH = (
    _get("/api/search", "search.Search", query={**_SEARCH, **_PAGE}, auth=Auth.NONE),
    _get("/api/search/suggest", "search.Suggest", query={"q": "prefix", "pageSize": "page_size"}, auth=Auth.NONE),
    _get("/api/recommendations", "search.Recommend", query={"pageSize": "page_size"}),
)

ENROLLMENTS = (
    Route(
        method="POST",
        path="/api/enrollments",
        rpc="enrollment.Enroll",
        body=WHOLE,
        success=202,
        location="/api/enrollments/{enrollment.id}",
    ),
    _get("/api/enrollments", "enrollment.ListEnrollments", query={**_PAGE, **_LEARNER}),
    _get("/api/enrollments/{enrollmentId}", "enrollment.GetEnrollment"),
    _write("DELETE", "/api/enrollments/{enrollmentId}", "enrollment.CancelEnrollment"),
    _write("POST", "/api/enrollments/{enrollmentId}/progress", "enrollment.RecordProgress"),
    Route(
        method="GET",
        path="/api/enrollments/{enrollmentId}/events",
        rpc="enrollment.WatchEnrollment",
        kind=Kind.STREAM,
        budget=_STREAM,
        event=("enrollment", "enrollment.update_time"),
        # What it is now comes at once, or a refusal does.
        opening=5.0,
    ),
    _get("/api/certificates/{code}", "enrollment.GetCertificate", auth=Auth.NONE),
)

PAYMENTS = (
    _get("/api/payments", "payment.ListPayments", query={**_PAGE, **_LEARNER}),
    _get("/api/payments/{paymentId}", "payment.GetPayment"),
    _write("POST", "/api/payments/{paymentId}/refund", "payment.RefundPayment"),
)

NOTIFICATIONS = (
    _get("/api/notifications", "notification.ListNotifications", query={**_PAGE, "unreadOnly": "unread_only"}),
    _write("POST", "/api/notifications/{notificationId}/read", "notification.MarkRead"),
    _get("/api/me/preferences", "notification.GetPreferences"),
    _write("PUT", "/api/me/preferences", "notification.UpdatePreferences", "preferences"),
    Route(
        method="GET",
        path="/api/me/events",
        rpc="notification.WatchNotifications",
        kind=Kind.STREAM,
        budget=_STREAM,
        event=("notification", "notification.id"),
    ),
)

# The parts of the dashboard: each is the answer of one RPC, asked with an empty request.
DASHBOARD: Mapping[str, str] = {
    "user": "user.GetUser",
    "enrollments": "enrollment.ListEnrollments",
    "payments": "payment.ListPayments",
    "notifications": "notification.ListNotifications",
    "recommendations": "search.Recommend",
}

ME = (
    Route(
        method="GET",
        path="/api/me/dashboard",
        rpc="",
        kind=Kind.DASHBOARD,
        budget=3.0,
        summary="What a learner sees first, of five services at once. The part of a service that is down is missing.",
    ),
)

ROUTES: tuple[Route, ...] = (*USERS, *COURSES, *SEARCH, *ENROLLMENTS, *PAYMENTS, *NOTIFICATIONS, *ME)
