/* The hot hooks of the tracer, in C: the same as the methods of `record.Recorder` of the same names, which they call for all that is not simple.

They work on the slots of the Python objects (`track.Track`, `track.State`, `instrument.Site`), whose places `learn` asks of the classes, so that
both ways can be taken in turn. What a hook does here runs no code of the program's, so that it is atomic under the interpreter's lock; and takes
no Python frame, so that it does not count towards the recursion limit, and no debugger steps into it. Objects of the program are not kept
but immutable ones of built-in types.

Built only where there is a compiler; see `fast.py`.
*/
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <stdint.h>
#include <string.h>

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x03100000
#error "proven on CPython 3.11 to 3.15 only; on others the tracer does without this"
#endif
#ifdef Py_GIL_DISABLED
#error "relies on the interpreter's lock; without one the tracer does without this"
#endif

#define REVISION 1 /* fast.py refuses another one: a build of other sources */

/* ---- the slots of Python objects ---------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    Py_ssize_t offset;
} Slot;

/* Of each class: its slots that are used here. */
enum { R_TEXTS, R_SEEN, R_OTHERS, R_OPAQUE, R_LOUD, R_LIMIT, R_MOST, R_DUMPED, R_SHAPES, R_COUNT };
static Slot renderings_slots[] = {
    {"texts", 0}, {"seen", 0}, {"others", 0}, {"opaque", 0}, {"loud", 0}, {"_limit", 0}, {"_most", 0}, {"_dumped", 0},
    {"_shapes", 0}, {NULL, 0},
};
enum { S_FRAME, S_CALLER, S_NUMBER, S_LINE, S_DIRTY, S_RERAISED, S_SUSPENDED, S_DELEGATING, S_LOOPS, S_RAISED, S_ENDS, S_ENDED };
static Slot state_slots[] = {
    {"frame", 0}, {"caller", 0}, {"number", 0}, {"line", 0}, {"dirty", 0}, {"reraised", 0}, {"suspended", 0},
    {"delegating", 0}, {"loops", 0}, {"raised", 0}, {"ends", 0}, {"ended", 0}, {NULL, 0},
};
enum { T_APPEND, T_BUSY, T_COUNT, T_CUT, T_ENTRIES, T_ENTRY, T_FRAME, T_LIMIT, T_MOST, T_SHARED, T_STATE, T_STOP };
static Slot track_slots[] = {
    {"_append", 0}, {"_busy", 0}, {"_count", 0}, {"_cut", 0}, {"entries", 0}, {"_entry", 0}, {"_frame", 0}, {"_limit", 0},
    {"_most", 0}, {"_shared", 0}, {"_state", 0}, {"_stop_iteration", 0}, {NULL, 0},
};
enum { C_THREAD, C_THREADED };
static Slot recorder_slots[] = {{"_thread", 0}, {"_threaded", 0}, {NULL, 0}};
enum { H_STOPPED };
static Slot shared_slots[] = {{"stopped", 0}, {NULL, 0}};
enum { P_NUMBER, P_LINE, P_EFFECTS, P_CELLS, P_HIDES, P_NAMES, P_NAME, P_HARMLESS, P_CALL, P_LINES, P_SOURCE, P_SHOWN };
static Slot site_slots[] = {
    {"number", 0}, {"line", 0}, {"effects", 0}, {"cells", 0}, {"hides", 0}, {"names", 0}, {"name", 0}, {"harmless", 0},
    {"is_call", 0}, {"lines", 0}, {"source", 0}, {"shown", 0}, {NULL, 0},
};
enum { E_LOADED, E_LOOPS, E_BUILTINS };
static Slot effects_slots[] = {{"loaded", 0}, {"loops", 0}, {"builtins", 0}, {NULL, 0}};
enum { X_SITES, X_KNOWN, X_LAST, X_PREVIOUS };
static Slot expander_slots[] = {{"_sites", 0}, {"_known", 0}, {"_last", 0}, {"_previous", 0}, {NULL, 0}};
enum { A_CUT, A_CONTEXT, A_LINES, A_NAMES, A_OTHERS, A_SHOWN };
static Slot activation_slots[] = {
    {"cut", 0}, {"in_context", 0}, {"lines", 0}, {"names", 0}, {"others", 0}, {"shown", 0}, {NULL, 0},
};
enum { F_EVENT, F_SOURCE, F_LOCALS, F_UNCHANGED, F_VALUE, F_LINE, F_CAPPED };
static Slot frame_slots[] = {
    {"event", 0}, {"source", 0}, {"locals", 0}, {"unchanged", 0}, {"value", 0}, {"line_number", 0}, {"capped", 0}, {NULL, 0},
};

#define AT(object, slots, which) (*(PyObject **)((char *)(object) + slots##_slots[which].offset))

/* What `learn` was given. */
static PyTypeObject *renderings_type, *state_type, *recorder_type, *site_type, *activation_type, *frame_type, *cut_type;
static PyObject *event_call, *event_line, *event_return, *event_exception, *no_locals, *pure_frame, *quote;
static PyObject *nothing, *no_loops, *no_lines, *cells, *known_builtins, *render_value, *pure_update;
/* Names, made once. */
static PyObject *str_local, *str_other, *str_forget, *str_busy, *str_cells, *number_return;
static PyObject *no_text[3]; /* of None, False, True */
#define SMALL 1024
static PyObject *small_texts[SMALL];

static void
put(PyObject **slot, PyObject *value) /* steals it */
{
    PyObject *before = *slot;
    *slot = value;
    Py_XDECREF(before);
}

static int
learn_slots(PyTypeObject *type, Slot *slots)
{
    for (; slots->name != NULL; slots++) {
        PyObject *found = PyObject_GetAttrString((PyObject *)type, slots->name);
        if (found == NULL) {
            return -1;
        }
        PyMemberDef *member = Py_IS_TYPE(found, &PyMemberDescr_Type) ? ((PyMemberDescrObject *)found)->d_member : NULL;
        int good = member != NULL && member->type == T_OBJECT_EX;
        if (good) {
            slots->offset = member->offset;
        }
        Py_DECREF(found);
        if (!good) {
            PyErr_Format(PyExc_TypeError, "%s.%s is no slot", type->tp_name, slots->name);
            return -1;
        }
    }
    return 0;
}

/* ---- calling Python ----------------------------------------------------------------------------------------------- */

/* The Python code of a hook is no part of the program: it may have some frames more than that may have, and no trace function sees it. No public
   function gives one thread more room without a change of the limit that the program can ask for. */
#define ROOM 100

static PyThreadState *
enter_python(void)
{
    PyThreadState *thread = PyThreadState_Get();
#if PY_VERSION_HEX < 0x030C0000
    thread->recursion_remaining += ROOM;
#else
    thread->py_recursion_remaining += ROOM;
#if PY_VERSION_HEX < 0x030E0000 /* later ones look at the stack itself */
    thread->c_recursion_remaining += ROOM;
#endif
#endif
    PyThreadState_EnterTracing(thread);
    return thread;
}

static void
leave_python(PyThreadState *thread)
{
    PyThreadState_LeaveTracing(thread);
#if PY_VERSION_HEX < 0x030C0000
    thread->recursion_remaining -= ROOM;
#else
    thread->py_recursion_remaining -= ROOM;
#if PY_VERSION_HEX < 0x030E0000
    thread->c_recursion_remaining -= ROOM;
#endif
#endif
}

static PyObject *
in_python(PyObject *callable, PyObject *const *args, size_t nargsf)
{
    PyThreadState *thread = enter_python();
    PyObject *result = PyObject_Vectorcall(callable, args, nargsf, NULL);
    leave_python(thread);
    return result;
}

static PyObject *
method_in_python(PyObject *name, PyObject *self, PyObject *first, PyObject *second)
{
    PyObject *args[3] = {self, first, second};
    PyThreadState *thread = enter_python();
    PyObject *result = PyObject_VectorcallMethod(name, args, second == NULL ? 2 : 3, NULL);
    leave_python(thread);
    return result;
}

/* ---- texts of scalars --------------------------------------------------------------------------------------------- */

static inline int
is_scalar_type(PyTypeObject *type)
{
    return type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBool_Type || type == Py_TYPE(Py_None) ||
           type == &PyFloat_Type || type == &PyComplex_Type;
}

#define IS_SCALAR(value) is_scalar_type(Py_TYPE(value))

static char *
digits_of(long long number, char *end)
{
    unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    do {
        *--end = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        *--end = '-';
    }
    return end;
}

static PyObject *
int_text(PyObject *value)
{
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow) {
        return PyLong_Type.tp_repr(value);
    }
    int small = 0 <= number && number < SMALL;
    if (small && small_texts[number] != NULL) {
        return Py_NewRef(small_texts[number]);
    }
    char space[24], *end = space + sizeof(space), *start = digits_of(number, end);
    PyObject *text = PyUnicode_New(end - start, 127);
    if (text == NULL) {
        return NULL;
    }
    memcpy(PyUnicode_1BYTE_DATA(text), start, (size_t)(end - start));
    if (small) {
        small_texts[number] = Py_NewRef(text);
    }
    return text;
}

static int
has_surrogates(PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND) {
        return 0;
    }
    for (Py_ssize_t n = 0; n < length; n++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, n);
        if (0xD800 <= character && character <= 0xDFFF) {
            return 1;
        }
    }
    return 0;
}

/* The text of a scalar, as `render_value` makes it. */
static PyObject *
scalar_text(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyLong_Type) {
        PyObject *text = int_text(value);
        if (text != NULL || !PyErr_ExceptionMatches(PyExc_ValueError)) {
            return text;
        }
        PyErr_Clear(); /* more than 4,300 digits */
        return in_python(render_value, &value, 1);
    }
    if (value == Py_None || type == &PyBool_Type) {
        return Py_NewRef(no_text[value == Py_None ? 0 : value == Py_False ? 1 : 2]);
    }
    /* Not PyObject_Repr, which fails at the recursion limit. */
    PyObject *text = type->tp_repr(value);
    if (text == NULL || PyUnicode_IS_ASCII(text) || !has_surrogates(text)) {
        return text;
    }
    Py_DECREF(text);
    return in_python(render_value, &value, 1);
}

/* ---- a growing text of ASCII characters ----------------------------------------------------------------------------- */

typedef struct {
    char *data;
    size_t size, room;
    char small[512];
} Writer;

static void
writer_begin(Writer *writer)
{
    writer->data = writer->small;
    writer->size = 0;
    writer->room = sizeof(writer->small);
}

static void
writer_end(Writer *writer)
{
    if (writer->data != writer->small) {
        PyMem_Free(writer->data);
    }
}

static int
writer_reserve(Writer *writer, size_t more)
{
    if (writer->room - writer->size >= more) {
        return 0;
    }
    size_t room = writer->room * 2 > writer->size + more ? writer->room * 2 : writer->size + more;
    char *data = writer->data == writer->small ? PyMem_Malloc(room) : PyMem_Realloc(writer->data, room);
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (writer->data == writer->small) {
        memcpy(data, writer->small, writer->size);
    }
    writer->data = data;
    writer->room = room;
    return 0;
}

static int
add_text(Writer *writer, const char *text, size_t size)
{
    if (writer_reserve(writer, size) < 0) {
        return -1;
    }
    memcpy(writer->data + writer->size, text, size);
    writer->size += size;
    return 0;
}

static PyObject *
written(const Writer *writer)
{
    PyObject *text = PyUnicode_New((Py_ssize_t)writer->size, 127);
    if (text != NULL) {
        memcpy(PyUnicode_1BYTE_DATA(text), writer->data, writer->size);
    }
    return text;
}

/* After an error: -1 if it is ours, else 0: Python is to come to it again, and to deal with it. */
static int
left_to_python(void)
{
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
}

/* 1: written; 0: to be left to Python, be it an address in a string; -1: an error. */
static int
write_scalar(Writer *writer, PyObject *value)
{
    if (Py_IS_TYPE(value, &PyLong_Type)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (!overflow) {
            char space[24], *end = space + sizeof(space), *start = digits_of(number, end);
            return add_text(writer, start, (size_t)(end - start)) < 0 ? -1 : 1;
        }
    }
    else if (Py_IS_TYPE(value, &PyUnicode_Type)) {
        if (!PyUnicode_IS_ASCII(value)) {
            return 0;
        }
        const unsigned char *from = PyUnicode_1BYTE_DATA(value), *to = from + PyUnicode_GET_LENGTH(value);
        int plain = 1;
        for (const unsigned char *at = from; at < to; at++) {
            plain = plain && *at >= ' ' && *at != 127 && *at != '\'' && *at != '\\';
            if (*at == 'x' && ((at - from >= 5 && memcmp(at - 5, " at 0x", 6) == 0) ||
                               (at - from >= 4 && memcmp(at - 4, " @ 0x", 5) == 0))) {
                return 0;
            }
        }
        if (plain) {
            size_t size = (size_t)(to - from);
            if (writer_reserve(writer, size + 2) < 0) {
                return -1;
            }
            char *end = writer->data + writer->size;
            *end = '\'';
            memcpy(end + 1, from, size);
            end[size + 1] = '\'';
            writer->size += size + 2;
            return 1;
        }
    }
    PyObject *text = Py_TYPE(value)->tp_repr(value);
    if (text == NULL) {
        return left_to_python();
    }
    int done = add_text(writer, (const char *)PyUnicode_1BYTE_DATA(text), (size_t)PyUnicode_GET_LENGTH(text)) < 0 ? -1 : 1;
    Py_DECREF(text);
    return done;
}

/* ---- shapes of containers ----------------------------------------------------------------------------------------- */

/* What a container of plain values (see `renderings`) was made of when it was last rendered: in the order of its text, a token for each scalar
   (the object itself, which is kept) and each container (its kind and length; it is not kept). A container with the same tokens has the
   same text. `ends`: where a token's own text ends, the closing brackets that follow it included, but for the outermost one. */
typedef uintptr_t Token;

typedef struct {
    PyObject_HEAD
    PyObject *text;
    Py_ssize_t count, room;
    Token *tokens;
    uint32_t *ends;
} Shape;

enum { LIST, TUPLE, DICT, NO_CONTAINER };
#define HEADER(kind, length) (((Token)(length) << 3) | ((Token)(kind) << 1) | 1) /* objects have even addresses */
#define IS_HEADER(token) ((token)&1)
#define KIND(token) ((int)((token) >> 1 & 3))
#define LENGTH(token) ((Py_ssize_t)((token) >> 3))
#define MOST_TOKENS ((Py_ssize_t)1 << 20)
#define DEPTH 4 /* as `renderings._MAX_DEPTH`, and the outermost */

static void
drop_tokens(Token *tokens, Py_ssize_t count)
{
    for (Py_ssize_t n = 0; n < count; n++) {
        if (!IS_HEADER(tokens[n])) {
            Py_DECREF((PyObject *)tokens[n]);
        }
    }
}

static void
shape_dealloc(PyObject *self)
{
    Shape *shape = (Shape *)self;
    drop_tokens(shape->tokens, shape->count);
    PyMem_Free(shape->tokens);
    PyMem_Free(shape->ends);
    Py_XDECREF(shape->text);
    PyObject_Free(self);
}

/* No collector's business: it holds strings, numbers and None only. */
static PyTypeObject shape_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "cwm_trace.tracer._fast.Shape",
    .tp_basicsize = sizeof(Shape),
    .tp_dealloc = shape_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

typedef struct {
    Token token;
    Py_ssize_t total, done; /* entries: a dict has two for each pair */
} Level;

typedef struct {
    const Shape *known; /* what to compare with, or NULL */
    Py_ssize_t at;      /* tokens that are the same so far */
    int same;
    Token *fresh; /* those from `at` on, once one differs */
    Py_ssize_t count, room, most;
    Token *begin; /* of `fresh`, of little room */
    Level open[DEPTH], where[DEPTH]; /* now; where the first one differs */
    int depth, where_depth;
    Token outermost;
} Walk;

#define SMALL_WALK 64

static int
walk_add(Walk *walk, Token token) /* 1, 0: too many, -1 */
{
    if (walk->same) {
        const Shape *known = walk->known;
        if (known != NULL && walk->at < known->count && known->tokens[walk->at] == token) {
            walk->at++;
            return 1;
        }
        walk->same = 0;
        memcpy(walk->where, walk->open, sizeof(walk->open));
        walk->where_depth = walk->depth;
    }
    if (walk->at + walk->count >= walk->most) {
        return 0;
    }
    if (walk->count == walk->room) {
        size_t size = (size_t)walk->room * 2 * sizeof(Token);
        Token *fresh = walk->fresh == walk->begin ? PyMem_Malloc(size) : PyMem_Realloc(walk->fresh, size);
        if (fresh == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        if (walk->fresh == walk->begin) {
            memcpy(fresh, walk->begin, (size_t)walk->count * sizeof(Token));
        }
        walk->fresh = fresh;
        walk->room *= 2;
    }
    walk->fresh[walk->count++] = token;
    if (!IS_HEADER(token)) {
        Py_INCREF((PyObject *)token);
    }
    return 1;
}

static inline int
kind_of(PyTypeObject *type)
{
    return type == &PyList_Type ? LIST : type == &PyTuple_Type ? TUPLE : type == &PyDict_Type ? DICT : NO_CONTAINER;
}

static Py_ssize_t
length_of(PyObject *value, int kind)
{
    return kind == LIST ? PyList_GET_SIZE(value) : kind == TUPLE ? PyTuple_GET_SIZE(value) : PyDict_GET_SIZE(value);
}

static int walk_container(Walk *walk, PyObject *value, int kind);

/* 1; 0: not plain, or too many; -1: an error. */
static inline int
walk_item(Walk *walk, PyObject *item)
{
    int kind, done;
    if (walk->same && walk->known != NULL && walk->at < walk->known->count &&
        walk->known->tokens[walk->at] == (Token)item) { /* a scalar: such only are among the tokens */
        walk->at++;
        done = 1;
    }
    else if (IS_SCALAR(item)) {
        done = walk_add(walk, (Token)item);
    }
    else if ((kind = kind_of(Py_TYPE(item))) != NO_CONTAINER && walk->depth < DEPTH) {
        done = walk_container(walk, item, kind);
    }
    else {
        return 0;
    }
    walk->open[walk->depth - 1].done++;
    return done;
}

static int
walk_items(Walk *walk, PyObject *value, int kind)
{
    Py_ssize_t length = length_of(value, kind);
    if (kind == DICT) {
        PyObject *key, *item;
        Py_ssize_t position = 0;
        while (PyDict_Next(value, &position, &key, &item)) {
            int done = walk_item(walk, key);
            if (done == 1) {
                done = walk_item(walk, item);
            }
            if (done != 1) {
                return done;
            }
        }
        return 1;
    }
    PyObject **items = kind == LIST ? ((PyListObject *)value)->ob_item : ((PyTupleObject *)value)->ob_item;
    Py_ssize_t n = 0;
    if (walk->same && walk->known != NULL) {
        const Token *known = walk->known->tokens + walk->at;
        Py_ssize_t most = walk->known->count - walk->at < length ? walk->known->count - walk->at : length;
        while (n < most && known[n] == (Token)items[n]) {
            n++;
        }
        walk->at += n;
        walk->open[walk->depth - 1].done += n;
    }
    for (; n < length; n++) {
        int done = walk_item(walk, items[n]);
        if (done != 1) {
            return done;
        }
    }
    return 1;
}

static int
walk_container(Walk *walk, PyObject *value, int kind)
{
    Py_ssize_t length = length_of(value, kind);
    Token token = HEADER(kind, length);
    if (walk->depth == 0 && walk->known != NULL && KIND(walk->known->tokens[0]) == kind) {
        walk->at = 1; /* the outermost one may have another length: its closing bracket comes last anyway */
    }
    else {
        int done = walk_add(walk, token);
        if (done != 1) {
            return done;
        }
    }
    if (walk->depth == 0) {
        walk->outermost = token;
    }
    walk->open[walk->depth++] = (Level){token, kind == DICT ? 2 * length : length, 0};
    int done = walk_items(walk, value, kind);
    walk->depth--;
    return done;
}

static const char OPENING[3] = {'[', '(', '{'}, CLOSING[3] = {']', ')', '}'};

static int
write_closing(Writer *writer, Token token)
{
    char closing[2] = {',', CLOSING[KIND(token)]};
    int single = KIND(token) == TUPLE && LENGTH(token) == 1;
    return add_text(writer, single ? closing : closing + 1, single ? 2 : 1);
}

/* Writes tokens, from a place in the text where `open` are. 1; 0: to be left to Python; -1. */
static int
write_tokens(Writer *writer, const Token *tokens, Py_ssize_t count, uint32_t *ends, Level *open, int depth)
{
    for (Py_ssize_t n = 0; n < count; n++) {
        Token token = tokens[n];
        if (depth > 0) {
            Level *level = &open[depth - 1];
            int is_value = KIND(level->token) == DICT && level->done % 2;
            if (level->done > 0 && add_text(writer, is_value ? ": " : ", ", 2) < 0) {
                return -1;
            }
        }
        if (IS_HEADER(token)) {
            if (add_text(writer, &OPENING[KIND(token)], 1) < 0) {
                return -1;
            }
            Py_ssize_t length = LENGTH(token);
            open[depth++] = (Level){token, KIND(token) == DICT ? 2 * length : length, 0};
        }
        else {
            int done = write_scalar(writer, (PyObject *)token);
            if (done != 1) {
                return done;
            }
            open[depth - 1].done++;
        }
        while (depth > 1 && open[depth - 1].done == open[depth - 1].total) {
            if (write_closing(writer, open[--depth].token) < 0) {
                return -1;
            }
            open[depth - 1].done++;
        }
        if (writer->size > UINT32_MAX) {
            return 0;
        }
        ends[n] = (uint32_t)writer->size;
    }
    return 1;
}

/* The number of tokens at the end that are as before, where that tells that their text is: none but scalars are others. */
static Py_ssize_t
same_at_end(const Walk *walk, const Shape *shape)
{
    if (shape->count == 0 || walk->outermost != shape->tokens[0] || walk->at + walk->count != shape->count) {
        return 0;
    }
    const Token *before = shape->tokens + walk->at;
    Py_ssize_t count = walk->count;
    while (count > 0 && walk->fresh[count - 1] == before[count - 1]) {
        count--;
    }
    for (Py_ssize_t n = 0; n < count; n++) {
        if (IS_HEADER(walk->fresh[n]) || IS_HEADER(before[n])) {
            return 0;
        }
    }
    return walk->count - count;
}

/* The new text of a shape, some of whose tokens are others now, and `ends` of these; NULL without an error: to be left to Python. */
static PyObject *
changed_text(Walk *walk, const Shape *shape, uint32_t *ends)
{
    Writer writer;
    writer_begin(&writer);
    Py_ssize_t after = same_at_end(walk, shape), made = walk->count - after;
    size_t before = walk->at == 0 ? 0 : walk->at == 1 ? 1 : shape->ends[walk->at - 1];
    const char *text = walk->at == 0 ? "" : (const char *)PyUnicode_1BYTE_DATA(shape->text);
    int done = add_text(&writer, text, before) < 0 ? -1 : 1;
    if (done == 1) {
        done = write_tokens(&writer, walk->fresh, made, ends, walk->where, walk->where_depth);
    }
    if (done == 1 && after > 0) {
        size_t last = shape->ends[shape->count - after - 1], rest = shape->ends[shape->count - 1] - last;
        int64_t moved = (int64_t)writer.size - (int64_t)last;
        done = add_text(&writer, text + last, rest) < 0 ? -1 : writer.size > UINT32_MAX ? 0 : 1;
        for (Py_ssize_t n = 0; n < after; n++) {
            ends[made + n] = (uint32_t)((int64_t)shape->ends[shape->count - after + n] + moved);
        }
    }
    if (done == 1) {
        done = write_closing(&writer, walk->outermost) < 0 ? -1 : 1;
    }
    PyObject *result = done == 1 ? written(&writer) : NULL;
    writer_end(&writer);
    return result;
}

static int
shape_reserve(Shape *shape, Py_ssize_t count)
{
    if (count <= shape->room) {
        return 0;
    }
    Py_ssize_t room = count < 8 ? count : count + count / 4;
    Token *tokens = PyMem_Realloc(shape->tokens, (size_t)room * sizeof(Token));
    if (tokens == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    shape->tokens = tokens;
    uint32_t *ends = PyMem_Realloc(shape->ends, (size_t)room * sizeof(uint32_t));
    if (ends == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    shape->ends = ends;
    shape->room = room;
    return 0;
}

static Shape *
new_shape(void)
{
    Shape *shape = PyObject_New(Shape, &shape_type);
    if (shape != NULL) {
        shape->text = NULL;
        shape->tokens = NULL;
        shape->ends = NULL;
        shape->count = shape->room = 0;
    }
    return shape;
}

/* Put what a walk has found into a shape, and the new text. 1; 0: to be left to Python, the shape is as it was; -1. */
static int
shape_change(Shape *shape, Walk *walk)
{
    Py_ssize_t count = walk->at + walk->count;
    uint32_t few[SMALL_WALK], *ends = few;
    if (walk->count > SMALL_WALK && (ends = PyMem_Malloc((size_t)walk->count * sizeof(uint32_t))) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyObject *text = changed_text(walk, shape, ends);
    int done = text != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
    if (done == 1 && shape_reserve(shape, count) < 0) {
        done = -1;
    }
    if (done == 1) {
        drop_tokens(shape->tokens + walk->at, shape->count - walk->at);
        memcpy(shape->tokens + walk->at, walk->fresh, (size_t)walk->count * sizeof(Token));
        memcpy(shape->ends + walk->at, ends, (size_t)walk->count * sizeof(uint32_t));
        walk->count = 0; /* its references are the shape's now */
        shape->tokens[0] = walk->outermost;
        shape->count = count;
        put(&shape->text, text);
        text = NULL;
    }
    Py_XDECREF(text);
    if (ends != few) {
        PyMem_Free(ends);
    }
    return done;
}

static void
walk_end(Walk *walk)
{
    drop_tokens(walk->fresh, walk->count);
    if (walk->fresh != walk->begin) {
        PyMem_Free(walk->fresh);
    }
}

/* Look at a container: its text is in `*shape` then, which is made if it is NULL. 1; 0: to be left to Python; -1. */
static int
shape_look(Shape **shape, PyObject *value, int kind, Py_ssize_t most)
{
    Token begin[SMALL_WALK];
    Walk walk = {.known = *shape, .same = 1, .fresh = begin, .begin = begin, .room = SMALL_WALK, .most = most};
    int done = walk_container(&walk, value, kind);
    if (done == 1 && *shape == NULL) {
        Shape *made = new_shape();
        done = made == NULL ? -1 : shape_change(made, &walk);
        if (done == 1) {
            *shape = made;
        }
        else {
            Py_XDECREF(made);
        }
    }
    else if (done == 1 && (walk.count > 0 || walk.at != (*shape)->count)) {
        done = shape_change(*shape, &walk);
    }
    walk_end(&walk);
    return done;
}

/* ---- the state of a Python frame ------------------------------------------------------------------------------------ */

static Py_ssize_t
most_tokens(PyObject *most)
{
    if (most == NULL || !PyLong_Check(most)) {
        return MOST_TOKENS;
    }
    Py_ssize_t number = PyLong_AsSsize_t(most);
    if (number == -1 && PyErr_Occurred()) {
        PyErr_Clear();
    }
    return 0 <= number && number < MOST_TOKENS ? number : MOST_TOKENS;
}

/* The text without the address at its end; NULL without an error: to be left to Python. Steals it. */
static PyObject *
without_address(PyObject *text)
{
    if (!PyUnicode_IS_ASCII(text)) {
        Py_DECREF(text);
        return NULL;
    }
    const char *from = (const char *)PyUnicode_1BYTE_DATA(text), *end = from + PyUnicode_GET_LENGTH(text);
    const char *address = strstr(from, " at 0x");
    if (address == NULL) {
        return text;
    }
    const char *at = address + 6;
    while (at < end && strchr("0123456789abcdef", *at) != NULL) {
        at++;
    }
    PyObject *stripped = NULL;
    if (at == end - 1 && *at == '>' && (stripped = PyUnicode_New(address - from + 1, 127)) != NULL) {
        memcpy(PyUnicode_1BYTE_DATA(stripped), from, (size_t)(address - from));
        PyUnicode_1BYTE_DATA(stripped)[address - from] = '>';
    }
    Py_DECREF(text);
    return stripped;
}

static int
is_flat_set(PyObject *value)
{
    PyObject *iterator = PyObject_GetIter(value), *item;
    int flat = iterator != NULL;
    while (flat && (item = PyIter_Next(iterator)) != NULL) {
        flat = IS_SCALAR(item);
        Py_DECREF(item);
    }
    Py_XDECREF(iterator);
    return flat;
}

/* The text of what is neither a scalar nor a list, tuple or dict; NULL without an error: to be left to Python. `opaque`: whether touching it
   may run code of the program's. Making a text runs none, but may start the garbage collector. */
static PyObject *
object_text(PyObject *value, Py_ssize_t most, int *opaque)
{
    PyTypeObject *type = Py_TYPE(value);
    *opaque = 0;
    if (type == &PySet_Type || type == &PyFrozenSet_Type) {
        if (PySet_GET_SIZE(value) > most || !is_flat_set(value)) {
            PyErr_Clear();
            return NULL;
        }
    }
    else if (type != &PyBytes_Type && type != &PyByteArray_Type && type != &PyRange_Type) {
        *opaque = 1;
        if (type->tp_repr != PyBaseObject_Type.tp_repr && type != &PyFunction_Type && type != &PyCFunction_Type &&
            type != &PyGen_Type && type != &PyCoro_Type && type != &PyType_Type) {
            return NULL;
        }
    }
    PyObject *text = type->tp_repr(value);
    if (text == NULL) {
        left_to_python();
        return NULL;
    }
    const char *plain = !*opaque && PyUnicode_IS_ASCII(text) ? (const char *)PyUnicode_1BYTE_DATA(text) : "";
    if (strstr(plain, " at 0x") != NULL || strstr(plain, " @ 0x") != NULL) {
        Py_DECREF(text); /* in a string in it */
        return NULL;
    }
    return without_address(text);
}

static int
is_in(PyObject *names, PyObject *name)
{
    return PySet_GET_SIZE(names) > 0 && PySet_Contains(names, name) == 1;
}

static int
add_name(PyObject **names, PyObject *name)
{
    PyObject *more = PyFrozenSet_New(*names);
    if (more == NULL) {
        return -1;
    }
    if (PyFrozenSet_CheckExact(more) && Py_REFCNT(more) == 1) {
        if (PySet_Add(more, name) < 0) {
            Py_DECREF(more);
            return -1;
        }
    }
    else { /* an exact frozenset is not copied */
        Py_DECREF(more);
        PyObject *one = PyTuple_Pack(1, name);
        PyObject *only = one == NULL ? NULL : PyFrozenSet_New(one);
        Py_XDECREF(one);
        more = only == NULL ? NULL : PyNumber_Or(*names, only);
        Py_XDECREF(only);
        if (more == NULL) {
            return -1;
        }
    }
    put(names, more);
    return 0;
}

static int
drop_name(PyObject **names, PyObject *name)
{
    if (!is_in(*names, name)) {
        return 0;
    }
    PyObject *one = PyTuple_Pack(1, name);
    PyObject *only = one == NULL ? NULL : PyFrozenSet_New(one);
    Py_XDECREF(one);
    PyObject *rest = only == NULL ? NULL : PyNumber_Subtract(*names, only);
    Py_XDECREF(only);
    if (rest == NULL) {
        return -1;
    }
    put(names, rest);
    return 0;
}

static int
drop_key(PyObject *known, PyObject *name)
{
    if (known == NULL || !PyDict_CheckExact(known) || PyDict_GET_SIZE(known) == 0) {
        return 0;
    }
    int found = PyDict_Contains(known, name);
    return found <= 0 ? found : PyDict_DelItem(known, name);
}

/* As `Renderings._no_other`. */
static int
no_other(PyObject *state, PyObject *name)
{
    if (drop_name(&AT(state, renderings, R_OTHERS), name) < 0 || drop_name(&AT(state, renderings, R_OPAQUE), name) < 0 ||
        drop_key(AT(state, renderings, R_DUMPED), name) < 0 || drop_key(AT(state, renderings, R_SHAPES), name) < 0) {
        return -1;
    }
    return 0;
}

/* The text of a list, tuple or dict of plain values that a name is bound to. 1; 0: to be left to Python; -1. */
static int
shape_text(PyObject *state, PyObject *name, PyObject *value, int kind, PyObject **text)
{
    PyObject **shapes = &AT(state, renderings, R_SHAPES);
    if (!PyDict_CheckExact(*shapes)) {
        PyObject *made = PyDict_New();
        if (made == NULL) {
            return -1;
        }
        put(shapes, made);
    }
    Shape *known = (Shape *)PyDict_GetItemWithError(*shapes, name), *shape = known;
    if (known == NULL && PyErr_Occurred()) {
        return -1;
    }
    int done = shape_look(&shape, value, kind, most_tokens(AT(state, renderings, R_MOST)));
    if (done != 1) {
        return done;
    }
    *text = Py_NewRef(shape->text);
    if (known == NULL) {
        int failed = PyDict_SetItem(*shapes, name, (PyObject *)shape);
        Py_DECREF(shape);
        if (failed < 0) {
            Py_CLEAR(*text);
            return -1;
        }
    }
    return 1;
}

/* As `Renderings._other`. 1; 0: to be left to Python; -1. */
static int
other_text(PyObject *state, PyObject *name, PyObject *value, PyObject **text)
{
    int opaque = 0, kind = kind_of(Py_TYPE(value)), done;
    if (kind != NO_CONTAINER) {
        done = shape_text(state, name, value, kind, text);
    }
    else {
        *text = object_text(value, most_tokens(AT(state, renderings, R_MOST)), &opaque);
        done = *text != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
    }
    if (done != 1 || kind == NO_CONTAINER) {
        if (drop_key(AT(state, renderings, R_SHAPES), name) < 0) {
            done = -1;
        }
    }
    if (done == 1 && !is_in(AT(state, renderings, R_OTHERS), name) &&
        (add_name(&AT(state, renderings, R_OTHERS), name) < 0 || drop_key(AT(state, renderings, R_SEEN), name) < 0)) {
        done = -1;
    }
    if (done == 1 && is_in(AT(state, renderings, R_OPAQUE), name) != opaque) {
        PyObject **names = &AT(state, renderings, R_OPAQUE);
        done = (opaque ? add_name(names, name) : drop_name(names, name)) < 0 ? -1 : 1;
    }
    if (done == -1) {
        Py_CLEAR(*text);
    }
    return done;
}

/* Whether a name's text is another one than before; -1: an error. */
static int
is_news(PyObject *texts, PyObject *name, PyObject *text)
{
    PyObject *before = PyDict_GetItemWithError(texts, name);
    if (before == NULL) {
        return PyErr_Occurred() ? -1 : 1;
    }
    if (before == text || !PyUnicode_Check(before)) {
        return before != text;
    }
    return PyUnicode_Compare(before, text) != 0; /* not of the kind that fails at the recursion limit */
}

/* One local as it is now, for `update`. */
static int
update_one(PyObject *state, PyObject *name, PyObject *value, PyObject *changes, PyObject *fresh)
{
    PyObject *text = NULL, *seen = PyDict_GetItemWithError(AT(state, renderings, R_SEEN), name);
    if (seen == value) {
        return 0;
    }
    if (seen == NULL && PyErr_Occurred()) {
        return -1;
    }
    if (IS_SCALAR(value)) {
        if ((is_in(AT(state, renderings, R_OTHERS), name) && no_other(state, name) < 0) ||
            PyDict_SetItem(fresh, name, value) < 0) {
            return -1;
        }
        text = scalar_text(value);
    }
    else if (other_text(state, name, value, &text) == 0) {
        text = method_in_python(str_other, state, name, value);
    }
    if (text == NULL) {
        return -1;
    }
    int news = is_news(AT(state, renderings, R_TEXTS), name, text);
    int failed = news < 0 || (news && PyDict_SetItem(changes, name, text) < 0);
    Py_DECREF(text);
    return failed ? -1 : 0;
}

/* As `Renderings.update`, whose limit is None; `local` is changed by nobody meanwhile. */
static PyObject *
update_all(PyObject *state, PyObject *local)
{
    PyObject *changes = PyDict_New(), *fresh = PyDict_New(), *name, *value;
    int failed = changes == NULL || fresh == NULL;
    Py_ssize_t position = 0;
    put(&AT(state, renderings, R_LOUD), Py_NewRef(Py_False));
    while (!failed && PyDict_Next(local, &position, &name, &value)) {
        Py_INCREF(name);
        Py_INCREF(value);
        failed = update_one(state, name, value, changes, fresh) < 0;
        Py_DECREF(name);
        Py_DECREF(value);
    }
    failed = failed || PyDict_Update(AT(state, renderings, R_TEXTS), changes) < 0 ||
             PyDict_Update(AT(state, renderings, R_SEEN), fresh) < 0;
    if (!failed && PyDict_GET_SIZE(AT(state, renderings, R_TEXTS)) != PyDict_GET_SIZE(local)) {
        PyObject *done = method_in_python(str_forget, state, local, changes);
        failed = done == NULL;
        Py_XDECREF(done);
    }
    Py_XDECREF(fresh);
    if (failed) {
        Py_CLEAR(changes);
    }
    return changes;
}

static int
is_ready(PyObject *state)
{
    for (Slot *slot = renderings_slots; slot->name != NULL; slot++) {
        if (*(PyObject **)((char *)state + slot->offset) == NULL) {
            return 0;
        }
    }
    return PyDict_CheckExact(AT(state, renderings, R_TEXTS)) && PyDict_CheckExact(AT(state, renderings, R_SEEN)) &&
           PyFrozenSet_CheckExact(AT(state, renderings, R_OTHERS)) && PyFrozenSet_CheckExact(AT(state, renderings, R_OPAQUE));
}

/* `Renderings.update`. */
static PyObject *
update(PyObject *self, PyObject *local)
{
    if (AT(self, renderings, R_LIMIT) != Py_None || !PyDict_CheckExact(local) || !is_ready(self)) {
        return PyObject_CallFunctionObjArgs(pure_update, self, local, NULL);
    }
    return update_all(self, local);
}

static PyMethodDef update_method = {
    "update", update, METH_O, "Take note of all locals as they are now; what changed."};

/* ---- entries ------------------------------------------------------------------------------------------------------ */

/* A tuple of strings, integers and None is nothing for the garbage collector, whom a million of them would cost time. */
static PyObject *
entry(PyObject *number, PyObject *frame, PyObject *what, PyObject *text)
{
    PyObject *made = PyTuple_New(4);
    if (made != NULL) {
        PyTuple_SET_ITEM(made, 0, Py_NewRef(number));
        PyTuple_SET_ITEM(made, 1, Py_NewRef(frame));
        PyTuple_SET_ITEM(made, 2, Py_NewRef(what));
        PyTuple_SET_ITEM(made, 3, Py_NewRef(text));
        if (!PyDict_CheckExact(what) || !PyObject_GC_IsTracked(what)) {
            PyObject_GC_UnTrack(made);
        }
    }
    return made;
}

/* Hand an entry to the track's `_append`. Steals it. */
static int
append(PyObject *track, PyObject *made)
{
    if (made == NULL) {
        return -1;
    }
    int failed = 0;
    PyObject *entries = AT(track, track, T_ENTRIES), *sink = AT(track, track, T_APPEND);
    if (PyCFunction_CheckExact(sink) && PyCFunction_GET_SELF(sink) == entries && PyList_CheckExact(entries)) {
        failed = PyList_Append(entries, made); /* the only method of a list that a track ever has there */
    }
    else {
        Py_INCREF(sink);
        PyObject *done = in_python(sink, &made, 1);
        Py_DECREF(sink);
        failed = done == NULL ? -1 : 0;
        Py_XDECREF(done);
    }
    Py_DECREF(made);
    return failed;
}

static int
append_changes(PyObject *track, PyObject *site, PyObject *state, PyObject *changes)
{
    PyObject *number = AT(site, site, P_NUMBER), *frame = AT(state, state, S_NUMBER), *name, *text;
    Py_ssize_t position = 0;
    if (PyDict_GET_SIZE(changes) == 0) {
        return append(track, entry(number, frame, Py_None, Py_None));
    }
    if (PyDict_GET_SIZE(changes) == 1 && PyDict_Next(changes, &position, &name, &text) && text != Py_None) {
        return append(track, entry(number, frame, name, text));
    }
    return append(track, entry(number, frame, changes, Py_None));
}

/* ---- hooks -------------------------------------------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *recorder, *slow; /* the method in Python, for all that is not simple */
    PyObject **unchanged;      /* by site: the last entry of that says that nothing changed, to be used again in a loop */
    Py_ssize_t sites;
} Hook;

static int
get_busy(PyObject *track)
{
    PyObject *busy = AT(track, track, T_BUSY);
    if (busy != NULL) {
        return busy != Py_False;
    }
    PyThreadState *thread = enter_python();
    PyObject *shared = PyObject_GetAttr(track, str_busy); /* a property, of recorders beside each other */
    leave_python(thread);
    int is_busy = shared != Py_False;
    PyErr_Clear();
    Py_XDECREF(shared);
    return is_busy;
}

static void
set_busy(PyObject *track, PyObject *busy)
{
    PyObject **slot = &AT(track, track, T_BUSY);
    if (*slot != NULL) {
        put(slot, Py_NewRef(busy));
        return;
    }
    PyObject *kind, *value, *where; /* of an exception on its way */
    PyErr_Fetch(&kind, &value, &where);
    PyThreadState *thread = enter_python();
    if (PyObject_SetAttr(track, str_busy, busy) < 0) {
        PyErr_Clear();
    }
    leave_python(thread);
    PyErr_Restore(kind, value, where);
}

/* As `dict(frame.f_locals)`. */
static PyObject *
locals_of(PyObject *frame)
{
    PyObject *local = PyFrame_GetLocals((PyFrameObject *)frame), *copy;
    if (local == NULL) {
        return NULL;
    }
    if (PyDict_CheckExact(local)) {
        copy = PyDict_Copy(local);
    }
    else {
        copy = PyDict_New();
        if (copy != NULL && PyDict_Update(copy, local) < 0) {
            Py_CLEAR(copy);
        }
    }
    Py_DECREF(local);
    return copy;
}

/* As `Track._look`: report a frame's locals, all of which may have changed. */
static int
look(PyObject *track, PyObject *site, PyObject *state)
{
    set_busy(track, Py_True); /* f_locals too may run code, a finaliser, which settrace would not report */
    PyObject *local, *changes = NULL, *hides = AT(site, site, P_HIDES);
    local = hides == Py_False ? locals_of(AT(state, state, S_FRAME)) : method_in_python(str_local, state, hides, NULL);
    if (local != NULL && PyDict_CheckExact(local)) {
        changes = update_all(state, local);
    }
    Py_XDECREF(local);
    set_busy(track, Py_False);
    if (changes == NULL) {
        return -1;
    }
    put(&AT(state, state, S_LINE), Py_NewRef(AT(site, site, P_LINE)));
    put(&AT(state, state, S_DIRTY), Py_NewRef(Py_False));
    put(&AT(track, track, T_STOP), Py_NewRef(Py_None));
    int failed = append_changes(track, site, state, changes);
    Py_DECREF(changes);
    return failed;
}

/* As `_are_builtins`. */
static int
are_builtins(PyObject *frame, PyObject *names)
{
    PyObject *own = PyFrame_GetGlobals((PyFrameObject *)frame), *known = PyFrame_GetBuiltins((PyFrameObject *)frame);
    int good = own != NULL && known != NULL && PyDict_CheckExact(own) && PyDict_CheckExact(known);
    for (Py_ssize_t n = 0; good && n < PyTuple_GET_SIZE(names); n++) {
        PyObject *name = PyTuple_GET_ITEM(names, n), *expected = PyDict_GetItemWithError(known_builtins, name);
        good = PyDict_Contains(own, name) == 0 && expected != NULL && PyDict_GetItemWithError(known, name) == expected;
    }
    PyErr_Clear();
    Py_XDECREF(own);
    Py_XDECREF(known);
    return good;
}

static int
are_disjoint(PyObject *names, PyObject *others)
{
    if (PySet_GET_SIZE(names) == 0 || PySet_GET_SIZE(others) == 0) {
        return 1;
    }
    PyObject *iterator = PyObject_GetIter(names), *name;
    int disjoint = iterator != NULL;
    while (disjoint && (name = PyIter_Next(iterator)) != NULL) {
        disjoint = PySet_Contains(others, name) == 0;
        Py_DECREF(name);
    }
    PyErr_Clear();
    Py_XDECREF(iterator);
    return disjoint;
}

/* As `Track._harmless`. */
static int
is_harmless(PyObject *site, PyObject *state, PyObject *frame)
{
    PyObject *effects = AT(site, site, P_EFFECTS), *others = AT(state, renderings, R_OTHERS), *names = AT(site, site, P_NAMES);
    if (AT(state, state, S_DIRTY) != Py_False || AT(state, renderings, R_LOUD) != Py_False) {
        return 0;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(names); n++) { /* in harmless code, all that is stored */
        if (is_in(others, PyTuple_GET_ITEM(names, n))) {
            return 0;
        }
    }
    if (!are_disjoint(AT(state, renderings, R_OPAQUE), AT(effects, effects, E_LOADED))) {
        return 0;
    }
    PyObject *needed = AT(effects, effects, E_LOOPS), *loops = AT(state, state, S_LOOPS);
    if (PyTuple_GET_SIZE(needed) > 0 && !PyDict_CheckExact(loops)) {
        return 0;
    }
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(needed); n++) {
        if (PyDict_GetItemWithError(loops, PyTuple_GET_ITEM(needed, n)) != Py_True) {
            PyErr_Clear();
            return 0;
        }
    }
    PyObject *builtins = AT(effects, effects, E_BUILTINS);
    return PyTuple_GET_SIZE(builtins) == 0 || are_builtins(frame, builtins);
}

/* Before 3.13 a frame's `f_locals` is a dict that keeps alive what it saw last, in ours as in any trace function's reading: it is read anew at each
   event, so that objects go when they would under one. */
static int
read_locals(PyObject *frame, PyObject **local)
{
#if PY_VERSION_HEX < 0x030D0000
    *local = PyFrame_GetLocals((PyFrameObject *)frame);
    return *local == NULL ? -1 : 0;
#else
    (void)frame;
    *local = NULL;
    return 0;
#endif
}

/* A local as it is now; NULL without an error if there is none. */
static PyObject *
local_of(PyObject *frame, PyObject *name, PyObject *local)
{
#if PY_VERSION_HEX < 0x030D0000
    (void)frame;
    return PyDict_CheckExact(local) ? Py_XNewRef(PyDict_GetItemWithError(local, name)) : NULL;
#else
    (void)local;
    PyObject *value = PyFrame_GetVar((PyFrameObject *)frame, name);
    if (value == NULL && PyErr_ExceptionMatches(PyExc_NameError)) {
        PyErr_Clear();
    }
    return value;
#endif
}

/* Render again what is bound to `others`, but to names that are stored anew. 1; 0: to be looked at with all the rest; -1. */
static int
look_at_others(PyObject *site, PyObject *state, PyObject *frame, PyObject *changes)
{
    PyObject *names = AT(site, site, P_NAMES), *local = NULL, *name;
    PyObject *iterator = PyObject_GetIter(AT(state, renderings, R_OTHERS));
    int done = iterator == NULL || read_locals(frame, &local) < 0 ? -1 : 1;
    while (done == 1 && (name = PyIter_Next(iterator)) != NULL) {
        int stored = 0;
        for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(names); n++) {
            stored = stored || PyTuple_GET_ITEM(names, n) == name;
        }
        PyObject *value = stored ? NULL : local_of(frame, name, local), *text = NULL;
        if (value == NULL || IS_SCALAR(value)) {
            done = stored ? 1 : PyErr_Occurred() ? -1 : 0;
        }
        else if ((done = other_text(state, name, value, &text)) == 1) {
            int news = is_news(AT(state, renderings, R_TEXTS), name, text);
            if (news < 0 || (news && PyDict_SetItem(changes, name, text) < 0)) {
                done = -1;
            }
        }
        Py_XDECREF(text);
        Py_XDECREF(value);
        Py_DECREF(name);
    }
    if (done == 1 && PyErr_Occurred()) {
        done = -1;
    }
    Py_XDECREF(iterator);
    Py_XDECREF(local);
    return done;
}

#define MOST_STORED 16

/* Take note of stored values; `texts` are those of the values that are no scalars. */
static int
store(PyObject *site, PyObject *state, PyObject *const *values, PyObject *const *texts, Py_ssize_t count, PyObject *changes)
{
    PyObject *names = AT(site, site, P_NAMES);
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *name = PyTuple_GET_ITEM(names, n), *text;
        if (texts[n] != NULL) {
            text = Py_NewRef(texts[n]);
        }
        else {
            PyObject *seen = PyDict_GetItemWithError(AT(state, renderings, R_SEEN), name);
            if (seen == values[n]) {
                continue;
            }
            if ((seen == NULL && PyErr_Occurred()) || (text = scalar_text(values[n])) == NULL) {
                return -1;
            }
            if ((is_in(AT(state, renderings, R_OTHERS), name) && no_other(state, name) < 0) ||
                PyDict_SetItem(AT(state, renderings, R_SEEN), name, values[n]) < 0) {
                Py_DECREF(text);
                return -1;
            }
        }
        int news = is_news(AT(state, renderings, R_TEXTS), name, text);
        int failed = news < 0 || (news && PyDict_SetItem(changes, name, text) < 0);
        Py_DECREF(text);
        if (failed) {
            return -1;
        }
    }
    return PyDict_GET_SIZE(changes) == 0 ? 0 : PyDict_Update(AT(state, renderings, R_TEXTS), changes);
}

/* A line where some locals were stored, and where others may have changed if `again`. */
static int
line_with_changes(PyObject *track, PyObject *site, PyObject *state, PyObject *frame, PyObject *const *values, Py_ssize_t count, int again)
{
    PyObject *texts[MOST_STORED] = {NULL}, *changes = PyDict_New();
    int done = changes == NULL ? -1 : 1, scalars = 1;
    if (done == 1 && again) {
        set_busy(track, Py_True);
        done = look_at_others(site, state, frame, changes);
        set_busy(track, Py_False);
    }
    for (Py_ssize_t n = 0; done == 1 && n < count; n++) {
        if (!IS_SCALAR(values[n])) {
            scalars = 0;
            done = other_text(state, PyTuple_GET_ITEM(AT(site, site, P_NAMES), n), values[n], &texts[n]);
        }
    }
    if (done == 1 && !scalars && !again) { /* an object that is new: kept as of now, too */
        PyObject *local = NULL;
        set_busy(track, Py_True);
        done = read_locals(frame, &local) < 0 ? -1 : 1;
        set_busy(track, Py_False);
        Py_XDECREF(local);
    }
    if (done == 1 && store(site, state, values, texts, count, changes) < 0) {
        done = -1;
    }
    for (Py_ssize_t n = 0; n < count; n++) {
        Py_XDECREF(texts[n]);
    }
    if (done == 1) {
        put(&AT(state, state, S_LINE), Py_NewRef(AT(site, site, P_LINE)));
        put(&AT(state, state, S_DIRTY), Py_NewRef(Py_False));
        if (!scalars) {
            put(&AT(track, track, T_STOP), Py_NewRef(Py_None));
        }
        done = append_changes(track, site, state, changes) < 0 ? -1 : 1;
    }
    Py_XDECREF(changes);
    return done == 0 ? look(track, site, state) : done == 1 ? 0 : -1;
}

/* The state of the Python frame that runs, if that is the one of the last event and nothing is out of the ordinary; else NULL. */
static PyObject *
state_here(PyObject *track, PyObject *frame)
{
    PyObject *state = AT(track, track, T_STATE);
    if (frame == NULL || frame != AT(track, track, T_FRAME) || state == NULL || !Py_IS_TYPE(state, state_type) ||
        AT(track, track, T_LIMIT) != Py_None || AT(track, track, T_CUT) != Py_False) {
        return NULL;
    }
    return state;
}

static inline int
is_site(PyObject *site, Py_ssize_t names)
{
    return Py_IS_TYPE(site, site_type) && (names < 0 || PyTuple_GET_SIZE(AT(site, site, P_NAMES)) == names);
}

/* An entry that says that nothing changed. */
static PyObject *
unchanged_entry(Hook *hook, PyObject *site, PyObject *state)
{
    PyObject *number = AT(site, site, P_NUMBER), *frame = AT(state, state, S_NUMBER);
    Py_ssize_t at = PyLong_AsSsize_t(number);
    if (at < 0) {
        return NULL;
    }
    if (at >= hook->sites) {
        Py_ssize_t more = at + at / 2 + 16;
        PyObject **unchanged = PyMem_Realloc(hook->unchanged, (size_t)more * sizeof(PyObject *));
        if (unchanged == NULL) {
            return PyErr_NoMemory();
        }
        memset(unchanged + hook->sites, 0, (size_t)(more - hook->sites) * sizeof(PyObject *));
        hook->unchanged = unchanged;
        hook->sites = more;
    }
    PyObject **known = &hook->unchanged[at];
    if (*known == NULL || PyTuple_GET_ITEM(*known, 1) != frame) {
        PyObject *made = entry(number, frame, Py_None, Py_None);
        if (made == NULL) {
            return NULL;
        }
        Py_XSETREF(*known, made);
    }
    return Py_NewRef(*known);
}

/* A line where nothing else can have changed than what was stored, scalars, and what is found to have. */
static int
simple_line(Hook *hook, PyObject *track, PyObject *site, PyObject *state, PyObject *value)
{
    put(&AT(state, state, S_LINE), Py_NewRef(AT(site, site, P_LINE)));
    if (value != NULL) {
        PyObject *name = AT(site, site, P_NAME), *seen = AT(state, renderings, R_SEEN), *texts = AT(state, renderings, R_TEXTS);
        PyObject *before = PyDict_GetItemWithError(seen, name);
        if (before == NULL && PyErr_Occurred()) {
            return -1;
        }
        if (before != value) {
            PyObject *text = scalar_text(value);
            if (text == NULL) {
                return -1;
            }
            int news = PyDict_SetItem(seen, name, value) < 0 ? -1 : is_news(texts, name, text);
            if (news != 0) {
                int failed = news < 0 || PyDict_SetItem(texts, name, text) < 0 ||
                             append(track, entry(AT(site, site, P_NUMBER), AT(state, state, S_NUMBER), name, text)) < 0;
                Py_DECREF(text);
                return failed ? -1 : 0;
            }
            Py_DECREF(text);
        }
    }
    return append(track, unchanged_entry(hook, site, state));
}

static PyObject *
line_of_values(Hook *hook, PyObject *const *args, size_t nargsf, Py_ssize_t expected)
{
    Py_ssize_t count = PyVectorcall_NARGS(nargsf) - 1;
    PyObject *track = hook->recorder, *frame = (PyObject *)PyEval_GetFrame(), *state = state_here(track, frame);
    if (state == NULL || count < 0 || (expected >= 0 && count != expected) || count > MOST_STORED || !is_site(args[0], count)) {
        return in_python(hook->slow, args, nargsf);
    }
    PyObject *site = args[0];
    PyObject *const *values = args + 1;
    Py_INCREF(state);
    int failed, again = 0, all = 0;
    if (PySet_GET_SIZE(AT(state, renderings, R_OTHERS)) > 0 &&
        !(AT(site, site, P_HARMLESS) == Py_True && is_harmless(site, state, frame))) {
        again = 1;
        all = AT(state, renderings, R_LOUD) != Py_False || is_in(AT(state, renderings, R_OTHERS), str_cells);
    }
    if (all) {
        failed = look(track, site, state);
    }
    else if (!again && (count == 0 || (count == 1 && IS_SCALAR(values[0])))) {
        failed = simple_line(hook, track, site, state, count == 0 ? NULL : values[0]);
    }
    else {
        failed = line_with_changes(track, site, state, frame, values, count, again);
    }
    Py_DECREF(state);
    return failed ? NULL : Py_NewRef(Py_None);
}

static PyObject *
kept(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    return line_of_values((Hook *)self, args, nargsf, 0);
}

static PyObject *
stored(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    return line_of_values((Hook *)self, args, nargsf, 1);
}

static PyObject *
several(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    return line_of_values((Hook *)self, args, nargsf, -1);
}

static PyObject *
line(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    Hook *hook = (Hook *)self;
    PyObject *track = hook->recorder, *state = state_here(track, (PyObject *)PyEval_GetFrame());
    if (state == NULL || PyVectorcall_NARGS(nargsf) != 1 || !is_site(args[0], -1)) {
        return in_python(hook->slow, args, nargsf);
    }
    Py_INCREF(state);
    int failed = look(track, args[0], state);
    Py_DECREF(state);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* A new state, as `State.__init__` makes it. */
static PyObject *
new_state(PyObject *track, PyObject *frame, PyObject *number, PyObject *site)
{
    PyObject *state = state_type->tp_alloc(state_type, 0), *texts = PyDict_New(), *seen = PyDict_New();
    if (state == NULL || texts == NULL || seen == NULL) {
        Py_XDECREF(state);
        Py_XDECREF(texts);
        Py_XDECREF(seen);
        return NULL;
    }
    PyObject *caller = AT(track, track, T_STATE);
    AT(state, renderings, R_TEXTS) = texts;
    AT(state, renderings, R_SEEN) = seen;
    AT(state, renderings, R_OTHERS) = Py_NewRef(AT(site, site, P_CELLS) == Py_True ? cells : nothing);
    AT(state, renderings, R_OPAQUE) = Py_NewRef(nothing);
    AT(state, renderings, R_LOUD) = Py_NewRef(Py_False);
    AT(state, renderings, R_LIMIT) = Py_NewRef(AT(track, track, T_LIMIT));
    AT(state, renderings, R_MOST) = Py_NewRef(AT(track, track, T_MOST));
    AT(state, renderings, R_DUMPED) = Py_NewRef(Py_None);
    AT(state, renderings, R_SHAPES) = Py_NewRef(Py_None);
    AT(state, state, S_FRAME) = Py_NewRef(frame);
    AT(state, state, S_CALLER) = Py_NewRef(caller == NULL ? Py_None : caller);
    AT(state, state, S_NUMBER) = Py_NewRef(number);
    AT(state, state, S_LINE) = Py_NewRef(AT(site, site, P_LINE));
    AT(state, state, S_DIRTY) = Py_NewRef(Py_False);
    AT(state, state, S_RERAISED) = Py_NewRef(Py_False);
    AT(state, state, S_SUSPENDED) = Py_NewRef(Py_False);
    AT(state, state, S_DELEGATING) = Py_NewRef(Py_None);
    AT(state, state, S_LOOPS) = Py_NewRef(no_loops);
    AT(state, state, S_RAISED) = Py_NewRef(no_lines);
    AT(state, state, S_ENDS) = Py_NewRef(no_loops);
    AT(state, state, S_ENDED) = Py_NewRef(Py_None);
    return state;
}

/* Whether a call is one of this thread, after the entry's, and recorded. */
static int
is_recorded(PyObject *recorder)
{
    PyObject *thread = AT(recorder, recorder, C_THREAD), *shared = AT(recorder, track, T_SHARED);
    if (AT(recorder, track, T_ENTRY) == Py_None || !PyLong_Check(thread) || AT(shared, shared, H_STOPPED) != Py_None ||
        AT(recorder, track, T_LIMIT) != Py_None || AT(recorder, track, T_CUT) != Py_False) {
        return 0;
    }
    unsigned long ident = PyLong_AsUnsignedLong(thread);
    if (ident != PyThread_get_thread_ident()) {
        PyErr_Clear();
        return 0;
    }
    return !get_busy(recorder);
}

static PyObject *
called(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(keywords))
{
    Hook *hook = (Hook *)self;
    PyObject *track = hook->recorder, *frame = (PyObject *)PyEval_GetFrame();
    Py_ssize_t count = PyVectorcall_NARGS(nargsf) - 1;
    if (frame == NULL || count < 0 || !is_site(args[0], count) || !is_recorded(track) || AT(track, track, T_STOP) != Py_None) {
        return in_python(hook->slow, args, nargsf);
    }
    PyObject *site = args[0], *state = NULL, *number = NULL;
    int all = count > MOST_STORED || AT(site, site, P_CELLS) != Py_False, failed = -1;
    long before = PyLong_AsLong(AT(track, track, T_COUNT));
    if ((before == -1 && PyErr_Occurred()) || (number = PyLong_FromLong(before + 1)) == NULL) {
        return NULL;
    }
    put(&AT(track, track, T_COUNT), number); /* at once: the garbage collector may run what calls other code */
    if ((state = new_state(track, frame, number, site)) == NULL) {
        return NULL;
    }
    put(&AT(track, track, T_FRAME), Py_NewRef(frame));
    put(&AT(track, track, T_STATE), Py_NewRef(state));
    if (all) {
        failed = look(track, site, state);
    }
    else if (count == 0) {
        failed = append(track, entry(AT(site, site, P_NUMBER), number, Py_None, Py_None));
    }
    else if (count == 1 && IS_SCALAR(args[1])) {
        failed = simple_line(hook, track, site, state, args[1]);
    }
    else {
        failed = line_with_changes(track, site, state, frame, args + 1, count, 0);
    }
    Py_DECREF(state);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* The text of a value that is looked at once; NULL without an error: to be left to Python. */
static PyObject *
text_once(PyObject *track, PyObject *value)
{
    int kind = kind_of(Py_TYPE(value)), opaque;
    Py_ssize_t most = most_tokens(AT(track, track, T_MOST));
    if (IS_SCALAR(value)) {
        return scalar_text(value);
    }
    if (kind == NO_CONTAINER) {
        set_busy(track, Py_True);
        PyObject *text = object_text(value, most, &opaque);
        set_busy(track, Py_False);
        return text;
    }
    Shape *shape = NULL;
    PyObject *text = shape_look(&shape, value, kind, most) == 1 ? Py_NewRef(shape->text) : NULL;
    Py_XDECREF(shape);
    return text;
}

static int
makes_generators(PyObject *frame)
{
    PyCodeObject *code = PyFrame_GetCode((PyFrameObject *)frame);
    int flags = code->co_flags;
    Py_DECREF(code);
    return (flags & CO_GENERATOR) != 0;
}

static PyObject *
leave(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    Hook *hook = (Hook *)self;
    PyObject *track = hook->recorder, *frame = (PyObject *)PyEval_GetFrame(), *state = state_here(track, frame);
    if (state == NULL || PyVectorcall_NARGS(nargsf) != 2 || frame == AT(track, track, T_ENTRY) ||
        (args[0] != Py_None && makes_generators(frame))) {
        return in_python(hook->slow, args, nargsf);
    }
    PyObject *value = args[0], *at = args[1];
    PyObject *text = text_once(track, value);
    if (text == NULL) {
        return PyErr_Occurred() ? NULL : in_python(hook->slow, args, nargsf);
    }
    if (at == Py_None) {
        at = AT(state, state, S_LINE);
    }
    Py_INCREF(state);
    PyObject *made = entry(number_return, AT(state, state, S_NUMBER), at, text);
    Py_DECREF(text);
    if (append(track, made) < 0) {
        Py_DECREF(state);
        return NULL;
    }
    PyObject *caller = AT(state, state, S_CALLER); /* its reference goes to the track */
    AT(state, state, S_CALLER) = Py_NewRef(Py_None);
    put(&AT(track, track, T_STATE), caller);
    PyObject *next = Py_None;
    if (Py_IS_TYPE(caller, state_type)) {
        put(&AT(caller, state, S_DIRTY), Py_NewRef(Py_True));
        next = AT(caller, state, S_FRAME);
    }
    put(&AT(track, track, T_FRAME), Py_NewRef(next));
    Py_DECREF(state);
    return Py_NewRef(Py_None);
}

/* Whether an iterator, of a comprehension that is given it, ends without a StopIteration that anybody sees. */
static int
ends_plainly(PyTypeObject *kind)
{
    return kind == &PyGen_Type || kind == &PyListIter_Type || kind == &PyTupleIter_Type || kind == &PyRangeIter_Type || kind == &PyDictIterKey_Type
        || kind == &PyDictIterItem_Type || kind == &PyDictIterValue_Type || kind == &PySetIter_Type;
}

static PyObject *
exhausted(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    Hook *hook = (Hook *)self;
    PyObject *state = AT(hook->recorder, track, T_STATE);
    int held = Py_IS_TYPE(state, state_type) && (AT(state, state, S_ENDED) != Py_None || AT(state, state, S_ENDS) != no_loops);
    if (PyVectorcall_NARGS(nargsf) > 1 && !ends_plainly(Py_TYPE(args[1]))) {
        held = 1;
    }
    if (!held && AT(hook->recorder, track, T_STOP) == Py_None && AT(hook->recorder, recorder, C_THREADED) == Py_False) {
        return Py_NewRef(Py_None);
    }
    return in_python(hook->slow, args, nargsf);
}

/* Any other hook: the method in Python. */
static PyObject *
other(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *Py_UNUSED(names))
{
    return in_python(((Hook *)self)->slow, args, nargsf);
}

static const struct {
    const char *name;
    vectorcallfunc function;
} FUNCTIONS[] = {
    {"called", called}, {"kept", kept},   {"stored", stored},       {"several", several},
    {"line", line},     {"leave", leave}, {"exhausted", exhausted}, {NULL, other},
};

static PyObject *
hook_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"name", "recorder", NULL};
    PyObject *name, *recorder;
    if (recorder_type == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "learn comes first");
        return NULL;
    }
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "UO!:Hook", names, &name, recorder_type, &recorder)) {
        return NULL;
    }
    PyObject *slow = PyObject_GetAttr(recorder, name);
    Hook *hook = slow == NULL ? NULL : (Hook *)type->tp_alloc(type, 0);
    if (hook == NULL) {
        Py_XDECREF(slow);
        return NULL;
    }
    int n = 0;
    while (FUNCTIONS[n].name != NULL && PyUnicode_CompareWithASCIIString(name, FUNCTIONS[n].name) != 0) {
        n++;
    }
    hook->vectorcall = FUNCTIONS[n].function;
    hook->recorder = Py_NewRef(recorder);
    hook->slow = slow;
    return (PyObject *)hook;
}

static int
hook_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((Hook *)self)->recorder);
    Py_VISIT(((Hook *)self)->slow);
    return 0;
}

static void
hook_dealloc(PyObject *self)
{
    Hook *hook = (Hook *)self;
    PyObject_GC_UnTrack(self);
    for (Py_ssize_t n = 0; n < hook->sites; n++) {
        Py_XDECREF(hook->unchanged[n]);
    }
    PyMem_Free(hook->unchanged);
    Py_XDECREF(hook->recorder);
    Py_XDECREF(hook->slow);
    Py_TYPE(self)->tp_free(self);
}

/* No tp_clear: a hook without a recorder could still be called. The recorder's own dictionary breaks each cycle. */
static PyTypeObject hook_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "cwm_trace.tracer._fast.Hook",
    .tp_doc = "Hook(name, recorder): calls the recorder's method of that name, or does in C what it would do.",
    .tp_basicsize = sizeof(Hook),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Hook, vectorcall),
    /* Not a PyCFunction, whose calls count towards the recursion limit. */
    .tp_call = PyVectorcall_Call,
    .tp_new = hook_new,
    .tp_traverse = hook_traverse,
    .tp_dealloc = hook_dealloc,
};

/* ---- frames of entries -------------------------------------------------------------------------------------------- */

/* The line of a text that an entry shows; NULL without an error: to be left to Python. */
static PyObject *
line_of_text(PyObject *lines, PyObject *number)
{
    Py_ssize_t at = PyLong_Check(number) ? PyLong_AsSsize_t(number) : 0;
    return PyList_Check(lines) && 0 < at && at <= PyList_GET_SIZE(lines) ? PyList_GET_ITEM(lines, at - 1) : NULL;
}

/* As `frames.recorded_frame`. */
static PyObject *
new_frame(PyObject *event, PyObject *source, PyObject *shown, PyObject *unchanged, PyObject *value, PyObject *line_number, int capped)
{
    PyObject *frame = frame_type->tp_alloc(frame_type, 0);
    if (frame != NULL) {
        AT(frame, frame, F_EVENT) = Py_NewRef(event);
        AT(frame, frame, F_SOURCE) = Py_NewRef(source);
        AT(frame, frame, F_LOCALS) = Py_NewRef(shown);
        AT(frame, frame, F_UNCHANGED) = Py_NewRef(unchanged);
        AT(frame, frame, F_VALUE) = Py_NewRef(value);
        AT(frame, frame, F_LINE) = Py_NewRef(line_number);
        if (capped) {
            AT(frame, frame, F_CAPPED) = Py_NewRef(Py_True);
        }
        PyObject_GC_UnTrack(frame); /* it holds texts and names only, and does not change: no part of a cycle */
    }
    return frame;
}

static int
any_cut(PyObject *shown)
{
    PyObject *name, *text;
    Py_ssize_t position = 0;
    while (PyDict_Next(shown, &position, &name, &text)) {
        if (Py_IS_TYPE(text, cut_type)) {
            return 1;
        }
    }
    return 0;
}

/* What is shown after an entry's changes, as `_Activation.change` and `set` take note of them. */
static int
change_activation(PyObject *activation, PyObject *what, PyObject *text)
{
    PyObject *before = AT(activation, activation, A_SHOWN), *shown = PyDict_Copy(before), *name, *change;
    int failed = shown == NULL, removes = 0;
    Py_ssize_t position = 0;
    if (!failed && PyDict_CheckExact(what)) {
        while (!failed && PyDict_Next(what, &position, &name, &change)) {
            removes |= change == Py_None;
            failed = change != Py_None && PyDict_SetItem(shown, name, change) < 0;
        }
        position = 0;
        while (!failed && removes && PyDict_Next(what, &position, &name, &change)) {
            failed = change == Py_None && PyDict_DelItem(shown, name) < 0;
        }
    }
    else if (!failed) {
        failed = PyDict_SetItem(shown, what, text) < 0;
    }
    if (!failed && (removes || PyDict_GET_SIZE(shown) != PyDict_GET_SIZE(before))) {
        PyObject *names = PyFrozenSet_New(shown), *others = PyDict_New();
        failed = names == NULL || others == NULL;
        if (!failed) {
            put(&AT(activation, activation, A_NAMES), Py_NewRef(names));
            put(&AT(activation, activation, A_OTHERS), Py_NewRef(others));
        }
        Py_XDECREF(names);
        Py_XDECREF(others);
    }
    if (failed) {
        Py_XDECREF(shown);
        return -1;
    }
    put(&AT(activation, activation, A_CUT), Py_NewRef(any_cut(shown) ? Py_True : Py_False));
    put(&AT(activation, activation, A_SHOWN), shown);
    return 0;
}

/* As `_Activation.all_but`: the names that an entry does not change. */
static PyObject *
all_but(PyObject *activation, PyObject *what)
{
    PyObject *names = AT(activation, activation, A_NAMES), *others = AT(activation, activation, A_OTHERS), *known, *made = NULL;
    if (what == Py_None) {
        return Py_NewRef(names);
    }
    if (PyUnicode_Check(what)) {
        known = PyDict_GetItemWithError(others, what);
        if (known != NULL || PyErr_Occurred()) {
            return Py_XNewRef(known);
        }
    }
    PyObject *changed = PyDict_CheckExact(what) ? PyFrozenSet_New(what) : PyFrozenSet_New(NULL);
    if (changed == NULL) {
        return NULL;
    }
    if (PyDict_CheckExact(what) || add_name(&changed, what) == 0) {
        made = PyNumber_Subtract(names, changed);
    }
    Py_DECREF(changed);
    if (made != NULL && PyUnicode_Check(what) && PyDict_SetItem(others, what, made) < 0) {
        Py_CLEAR(made);
    }
    return made;
}

static PyObject *
new_activation(PyObject *site)
{
    PyObject *activation = activation_type->tp_alloc(activation_type, 0), *shown = PyDict_New(), *others = PyDict_New();
    if (activation == NULL || shown == NULL || others == NULL) {
        Py_XDECREF(activation);
        Py_XDECREF(shown);
        Py_XDECREF(others);
        return NULL;
    }
    AT(activation, activation, A_CUT) = Py_NewRef(Py_False);
    AT(activation, activation, A_CONTEXT) = Py_NewRef(AT(site, site, P_SHOWN) != Py_None ? Py_True : Py_False);
    AT(activation, activation, A_LINES) = Py_NewRef(AT(site, site, P_LINES));
    AT(activation, activation, A_NAMES) = Py_NewRef(nothing);
    AT(activation, activation, A_OTHERS) = others;
    AT(activation, activation, A_SHOWN) = shown;
    return activation;
}

static PyObject *
observation(PyObject *expander, PyObject *site, PyObject *at, PyObject *what, PyObject *text)
{
    PyObject *known = AT(expander, expander, X_KNOWN), *activation = Py_XNewRef(PyDict_GetItemWithError(known, at));
    if (activation == NULL) {
        activation = PyErr_Occurred() ? NULL : new_activation(site);
        if (activation == NULL || PyDict_SetItem(known, at, activation) < 0) {
            Py_XDECREF(activation);
            return NULL;
        }
    }
    PyObject *previous = AT(expander, expander, X_PREVIOUS), *last = AT(expander, expander, X_LAST), *unchanged, *frame = NULL;
    int is_call = AT(site, site, P_CALL) != Py_False;
    int goes_on = !is_call && last != Py_None && PyObject_RichCompareBool(last, at, Py_EQ) == 1 && PyDict_CheckExact(previous) &&
                  PyDict_GET_SIZE(previous) > 0;
    if (what != Py_None && change_activation(activation, what, text) < 0) {
        Py_DECREF(activation);
        return NULL;
    }
    unchanged = goes_on ? all_but(activation, what) : Py_NewRef(nothing);
    if (unchanged != NULL) {
        PyObject *shown = AT(activation, activation, A_SHOWN);
        put(&AT(expander, expander, X_LAST), Py_NewRef(at));
        put(&AT(expander, expander, X_PREVIOUS), Py_NewRef(shown));
        frame = new_frame(is_call ? event_call : event_line, AT(site, site, P_SOURCE), shown, unchanged, Py_None,
                          AT(site, site, P_SHOWN), AT(activation, activation, A_CUT) != Py_False);
        Py_DECREF(unchanged);
    }
    Py_DECREF(activation);
    return frame;
}

/* A return or an exception; NULL without an error: to be left to Python. */
static PyObject *
value_frame(PyObject *expander, int is_return, PyObject *at, PyObject *what, PyObject *text)
{
    PyObject *known = AT(expander, expander, X_KNOWN), *activation = PyDict_GetItemWithError(known, at), *source;
    if (activation == NULL || !Py_IS_TYPE(activation, activation_type) || !PyUnicode_Check(text) ||
        (source = line_of_text(AT(activation, activation, A_LINES), what)) == NULL) {
        PyErr_Clear();
        return NULL;
    }
    PyObject *place = AT(activation, activation, A_CONTEXT) != Py_False ? what : Py_None;
    PyObject *frame = new_frame(is_return ? event_return : event_exception, source, no_locals, nothing, text, place,
                                Py_IS_TYPE(text, cut_type));
    if (frame != NULL && is_return) {
        put(&AT(expander, expander, X_PREVIOUS), Py_NewRef(Py_None));
        put(&AT(expander, expander, X_LAST), Py_NewRef(Py_None));
        if (PyDict_DelItem(known, at) < 0) {
            Py_CLEAR(frame);
        }
    }
    else if (frame != NULL) {
        put(&AT(expander, expander, X_LAST), Py_NewRef(at));
    }
    return frame;
}

/* Whether what an entry of a site refers to is what it refers to in most cases. */
static int
is_usual(PyObject *expander, PyObject *site, PyObject *at)
{
    PyObject *activation = PyDict_GetItemWithError(AT(expander, expander, X_KNOWN), at);
    PyObject *source = AT(site, site, P_SOURCE), *previous = AT(expander, expander, X_PREVIOUS), *last = AT(expander, expander, X_LAST);
    if (!PyUnicode_Check(source) || PyUnicode_GET_LENGTH(source) == 0) {
        return 0;
    }
    if (activation == NULL) {
        return !PyErr_Occurred();
    }
    if (!Py_IS_TYPE(activation, activation_type) || !PyDict_CheckExact(AT(activation, activation, A_SHOWN))) {
        return 0;
    }
    int same_frame = last != Py_None && PyObject_RichCompareBool(last, at, Py_EQ) == 1;
    return !same_frame || previous == Py_None || previous == AT(activation, activation, A_SHOWN);
}

/* `Expander.frame`. */
static PyObject *
expand(PyObject *self, PyObject *made)
{
    PyObject *sites = AT(self, expander, X_SITES), *known = AT(self, expander, X_KNOWN), *frame = NULL;
    if (PyTuple_CheckExact(made) && PyTuple_GET_SIZE(made) == 4 && PyLong_Check(PyTuple_GET_ITEM(made, 0)) && sites != NULL &&
        PyList_CheckExact(sites) && known != NULL && PyDict_CheckExact(known)) {
        PyObject *at = PyTuple_GET_ITEM(made, 1), *what = PyTuple_GET_ITEM(made, 2), *text = PyTuple_GET_ITEM(made, 3);
        Py_ssize_t number = PyLong_AsSsize_t(PyTuple_GET_ITEM(made, 0));
        if (number == -1 || number == -3) {
            frame = value_frame(self, number == -1, at, what, text);
        }
        else if (0 <= number && number < PyList_GET_SIZE(sites)) {
            PyObject *site = PyList_GET_ITEM(sites, number);
            if (Py_IS_TYPE(site, site_type) && is_usual(self, site, at)) {
                frame = observation(self, site, at, what, text);
            }
        }
    }
    if (frame == NULL && !PyErr_Occurred()) {
        return PyObject_CallFunctionObjArgs(pure_frame, self, made, NULL);
    }
    return frame;
}

static PyMethodDef expand_method = {"frame", expand, METH_O, "The frame of an entry; None for one that is no event."};

/* ---- lines of frames ---------------------------------------------------------------------------------------------- */

static int
add_quoted(Writer *writer, PyObject *text)
{
    int plain = PyUnicode_IS_ASCII(text);
    const unsigned char *from = plain ? PyUnicode_1BYTE_DATA(text) : NULL;
    size_t size = plain ? (size_t)PyUnicode_GET_LENGTH(text) : 0;
    for (size_t n = 0; plain && n < size; n++) {
        plain = ' ' <= from[n] && from[n] <= '~' && from[n] != '"' && from[n] != '\\';
    }
    if (plain) {
        return add_text(writer, "\"", 1) < 0 || add_text(writer, (const char *)from, size) < 0 ? -1 : add_text(writer, "\"", 1);
    }
    PyObject *quoted = PyObject_CallOneArg(quote, text);
    int failed = quoted == NULL || !PyUnicode_IS_ASCII(quoted) ||
                 add_text(writer, (const char *)PyUnicode_1BYTE_DATA(quoted), (size_t)PyUnicode_GET_LENGTH(quoted)) < 0;
    Py_XDECREF(quoted);
    return failed ? -1 : 0;
}

#define ADD(text) failed = failed || add_text(&writer, text, sizeof(text) - 1) < 0

static int
add_locals(Writer *into, PyObject *shown, PyObject *unchanged)
{
    PyObject *name, *text;
    Py_ssize_t position = 0;
    int failed = 0, first = 1;
    while (!failed && PyDict_Next(shown, &position, &name, &text)) {
        failed = (!first && add_text(into, ", ", 2) < 0) || add_text(into, "[", 1) < 0 || !PyUnicode_Check(name) || !PyUnicode_Check(text);
        failed = failed || add_quoted(into, name) < 0 || add_text(into, ", ", 2) < 0;
        failed = failed || (is_in(unchanged, name) ? add_text(into, "null", 4) : add_quoted(into, text)) < 0 || add_text(into, "]", 1) < 0;
        first = 0;
    }
    return failed ? -1 : 0;
}

PyDoc_STRVAR(frame_to_line_doc, "frame_to_line(frame): as `files.frame_to_line`.");

static PyObject *
frame_to_line(PyObject *Py_UNUSED(module), PyObject *frame)
{
    if (frame_type == NULL || !Py_IS_TYPE(frame, frame_type)) {
        PyErr_SetString(PyExc_TypeError, "a recorded frame is wanted");
        return NULL;
    }
    PyObject *value = AT(frame, frame, F_VALUE), *number = AT(frame, frame, F_LINE), *capped = AT(frame, frame, F_CAPPED);
    PyObject *event = AT(frame, frame, F_EVENT), *source = AT(frame, frame, F_SOURCE), *unchanged = AT(frame, frame, F_UNCHANGED);
    if (!PyUnicode_Check(event) || !PyUnicode_Check(source) || !PyDict_Check(AT(frame, frame, F_LOCALS)) || !PyAnySet_Check(unchanged) ||
        !(value == Py_None || PyUnicode_Check(value)) || !(number == Py_None || PyLong_CheckExact(number))) {
        PyErr_SetString(PyExc_TypeError, "a recorded frame is wanted");
        return NULL;
    }
    Writer writer;
    writer_begin(&writer);
    int failed = 0;
    ADD("{\"event\": ");
    failed = failed || add_quoted(&writer, event) < 0;
    ADD(", \"source\": ");
    failed = failed || add_quoted(&writer, source) < 0;
    ADD(", \"line\": ");
    if (number == Py_None) {
        ADD("null");
    }
    else {
        failed = failed || write_scalar(&writer, number) != 1;
    }
    ADD(", \"locals\": [");
    failed = failed || add_locals(&writer, AT(frame, frame, F_LOCALS), unchanged) < 0;
    ADD("], \"value\": ");
    if (value == Py_None) {
        ADD("null");
    }
    else {
        failed = failed || add_quoted(&writer, value) < 0;
    }
    ADD(", \"capped\": ");
    if (capped == Py_True) {
        ADD("true");
    }
    else {
        ADD("false");
    }
    ADD(", \"logprob\": null, \"tokens\": null, \"raw\": null, \"reason\": null, \"position\": null, \"terminated\": null}");
    PyObject *text = failed ? NULL : written(&writer);
    writer_end(&writer);
    if (text == NULL && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_TypeError, "a recorded frame is wanted");
    }
    return text;
}

/* ---- the module --------------------------------------------------------------------------------------------------- */

static int
take(PyObject **place, PyObject *value)
{
    put(place, Py_NewRef(value));
    return 0;
}

static int
replace_method(PyTypeObject *type, PyMethodDef *definition)
{
    PyObject *method = PyDescr_NewMethod(type, definition);
    int failed = method == NULL || PyObject_SetAttrString((PyObject *)type, definition->ml_name, method) < 0;
    Py_XDECREF(method);
    return failed ? -1 : 0;
}

PyDoc_STRVAR(learn_renderings_doc, "learn_renderings(Renderings, nothing, render_value): put `update` of C into the class.");

static PyObject *
learn_renderings(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyTypeObject *type;
    PyObject *empty, *render;
    if (!PyArg_ParseTuple(args, "O!OO:learn_renderings", &PyType_Type, &type, &empty, &render)) {
        return NULL;
    }
    PyObject *pure = PyObject_GetAttrString((PyObject *)type, "update");
    if (pure == NULL || learn_slots(type, renderings_slots) < 0) {
        Py_XDECREF(pure);
        return NULL;
    }
    take(&nothing, empty);
    take(&render_value, render);
    put(&pure_update, pure);
    put((PyObject **)&renderings_type, Py_NewRef(type));
    if (replace_method(type, &update_method) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(learn_frames_doc, "learn_frames(Expander, Activation, Frame, Site, Cut, events, no_names, no_locals, quote): put `frame` of C into Expander.");

static PyObject *
learn_frames(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyTypeObject *expander, *activation, *frame, *site, *cut;
    PyObject *events[4], *no_names, *empty, *quoting;
    if (!PyArg_ParseTuple(args, "O!O!O!O!O!(OOOO)OOO:learn_frames", &PyType_Type, &expander, &PyType_Type, &activation, &PyType_Type,
                          &frame, &PyType_Type, &site, &PyType_Type, &cut, &events[0], &events[1], &events[2], &events[3], &no_names,
                          &empty, &quoting)) {
        return NULL;
    }
    PyObject *pure = PyObject_GetAttrString((PyObject *)expander, "frame");
    if (pure == NULL || learn_slots(expander, expander_slots) < 0 || learn_slots(activation, activation_slots) < 0 ||
        learn_slots(frame, frame_slots) < 0 || learn_slots(site, site_slots) < 0) {
        Py_XDECREF(pure);
        return NULL;
    }
    put(&pure_frame, pure);
    take(&event_call, events[0]);
    take(&event_line, events[1]);
    take(&event_return, events[2]);
    take(&event_exception, events[3]);
    take(&nothing, no_names);
    take(&no_locals, empty);
    take(&quote, quoting);
    put((PyObject **)&activation_type, Py_NewRef(activation));
    put((PyObject **)&frame_type, Py_NewRef(frame));
    put((PyObject **)&site_type, Py_NewRef(site));
    put((PyObject **)&cut_type, Py_NewRef(cut));
    if (replace_method(expander, &expand_method) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(learn_doc, "learn(Recorder, State, Site, Effects, Shared, no_loops, no_lines, cells, builtins): before the first Hook.");

static PyObject *
learn(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyTypeObject *recorder, *state, *site, *effects, *shared;
    PyObject *loops, *lines, *shared_cells, *builtins;
    if (!PyArg_ParseTuple(args, "O!O!O!O!O!OOO!O!:learn", &PyType_Type, &recorder, &PyType_Type, &state, &PyType_Type, &site,
                          &PyType_Type, &effects, &PyType_Type, &shared, &loops, &lines, &PyFrozenSet_Type, &shared_cells,
                          &PyDict_Type, &builtins)) {
        return NULL;
    }
    if (renderings_type == NULL || !PyType_IsSubtype(state, renderings_type)) {
        PyErr_SetString(PyExc_RuntimeError, "learn_renderings comes first");
        return NULL;
    }
    if (learn_slots(recorder, recorder_slots) < 0 || learn_slots(recorder, track_slots) < 0 || learn_slots(state, state_slots) < 0 ||
        learn_slots(site, site_slots) < 0 || learn_slots(effects, effects_slots) < 0 || learn_slots(shared, shared_slots) < 0) {
        return NULL;
    }
    take(&no_loops, loops);
    take(&no_lines, lines);
    take(&cells, shared_cells);
    take(&known_builtins, builtins);
    put((PyObject **)&recorder_type, Py_NewRef(recorder));
    put((PyObject **)&state_type, Py_NewRef(state));
    put((PyObject **)&site_type, Py_NewRef(site));
    Py_RETURN_NONE;
}

PyDoc_STRVAR(forget_depth_doc, "forget_depth(extra): as if the Python frames that run now, and `extra` calls more, were none, to the recursion limit.");

static PyObject *
forget_depth(PyObject *Py_UNUSED(module), PyObject *extra)
{
    PyThreadState *thread = PyThreadState_Get();
    int more = (int)PyLong_AsLong(extra);
    if (more == -1 && PyErr_Occurred()) {
        return NULL;
    }
#if PY_VERSION_HEX < 0x030C0000
    thread->recursion_remaining = thread->recursion_limit + more;
#else
    thread->py_recursion_remaining = thread->py_recursion_limit + more;
#endif
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"forget_depth", forget_depth, METH_O, forget_depth_doc},
    {"frame_to_line", frame_to_line, METH_O, frame_to_line_doc},
    {"learn_frames", learn_frames, METH_VARARGS, learn_frames_doc},
    {"learn_renderings", learn_renderings, METH_VARARGS, learn_renderings_doc},
    {"learn", learn, METH_VARARGS, learn_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_fast",
    .m_doc = "The hot hooks of the tracer.",
    .m_size = -1, /* one interpreter's: what `learn` was given is static */
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__fast(void)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError, "in the main interpreter only");
        return NULL;
    }
    const struct {
        PyObject **place;
        const char *text;
    } strings[] = {
        {&str_local, "local"},  {&str_other, "_other"}, {&str_forget, "_forget"}, {&str_busy, "_busy"},
        {&str_cells, " cells"}, {&no_text[0], "None"},  {&no_text[1], "False"},   {&no_text[2], "True"},
    };
    for (size_t n = 0; n < sizeof(strings) / sizeof(strings[0]); n++) {
        if ((*strings[n].place = PyUnicode_InternFromString(strings[n].text)) == NULL) {
            return NULL;
        }
    }
    number_return = PyLong_FromLong(-1);
    if (number_return == NULL || PyType_Ready(&shape_type) < 0 || PyType_Ready(&hook_type) < 0) {
        return NULL;
    }
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyModule_AddIntConstant(module, "REVISION", REVISION) < 0 ||
        PyModule_AddObjectRef(module, "Hook", (PyObject *)&hook_type) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
