"""An agent in Python: it serves one instance of a class to the process that started it.

The messages are those of docs/protocol.md, as lines of JSON on a socket that this process has inherited, or on a
named pipe on Windows. It needs nothing but the standard library.
"""
import gc, io, itertools, json, os, signal, socket, sys, traceback, weakref

#: The class of JavaScript that stands for one of Python; all others are a plain Error.
ERRORS = {TypeError: 'TypeError', IndexError: 'RangeError', OverflowError: 'RangeError', SyntaxError: 'SyntaxError'}


class RemoteError(Exception):
    """What a function of the parent has thrown."""

    def __init__(self, wire):
        self.name = wire.get('name') or wire.get('class', 'Error')
        super().__init__(wire.get('message', ''))


class Function:
    """A function of the parent. It blocks until the parent has answered, and serves calls meanwhile."""

    def __init__(self, agent, callback_id, name):
        self._agent, self._id, self.__name__ = agent, callback_id, name

    def __call__(self, *args):
        return self._agent.invoke(self._id, args)


def open_channel():
    """The lines of the parent, and a function that writes to it: on an inherited socket, or a named pipe on Windows."""
    if 'PROCXY_IPC_PIPE' not in os.environ:
        channel = socket.socket(fileno=int(os.environ.pop('PROCXY_IPC_FD')))
        return channel.makefile('rb'), channel.sendall
    pipe = open(os.environ.pop('PROCXY_IPC_PIPE'), 'r+b', buffering=0)
    writer = io.BufferedWriter(pipe)
    write = lambda data: (writer.write(data), writer.flush())
    write(os.environ.pop('PROCXY_IPC_SECRET').encode() + b'\n')
    return io.BufferedReader(pipe), write


class Agent:
    def __init__(self, make_instance):
        self._make_instance = make_instance
        self._instance = None
        self._lines, self._write = open_channel()
        self._invoke_ids = itertools.count(1)
        self._answers = {}  # of this process's invocations, by their ids
        self._functions = weakref.WeakValueDictionary()
        self._arrivals = {}  # in how many messages each function has come
        self._mirrored = {}

    def serve(self):
        """Runs until the parent is gone."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while self._serve_one():
            pass
        self._dispose()

    def invoke(self, callback_id, args):
        invoke_id = next(self._invoke_ids)
        coded, wire = self._encode(list(args))
        self._send({'type': 'callback-invoke', 'callbackId': callback_id, 'invokeId': invoke_id, 'args': wire, **coded})
        while invoke_id not in self._answers:
            if not self._serve_one():
                raise ConnectionError('The parent is gone.')
        answer = self._answers.pop(invoke_id)
        if answer['result'] == 'error':
            error = self._read(answer, 'error')
            raise error if isinstance(error, Exception) else RemoteError({'message': repr(error)})
        return self._read(answer, 'value')

    # Messages

    def _send(self, message):
        self._write(json.dumps(message, allow_nan=False).encode() + b'\n')

    def _serve_one(self):
        line = self._lines.readline()
        if not line:
            return False
        message = json.loads(line)
        coded = message.get('coded')
        for exported in coded if isinstance(coded, list) else []:
            self._arrivals[exported] = self._arrivals.get(exported, 0) + 1
        match message['type']:
            case 'call-invoke':
                self._answer(message)
            case 'callback-result':
                self._answers[message['invokeId']] = message
            case 'callback-collect':
                gc.collect()
                self._send({'type': 'callback-collected'})
            case 'callback-release':
                self._give_back(message['callbackId'])
        return True

    def _answer(self, message):
        answer = {'type': 'call-result', 'callId': message['callId']}
        try:
            args = self._read(message, 'args')
            run = self._run_own if message.get('target') == 'agent' else self._run
            coded, wire = self._encode(run(message['method'], args))
            self._send_changes()
            self._send({**answer, 'result': 'success', 'value': wire, **coded})
        except Exception as error:  # each is an answer
            self._send({**answer, 'result': 'error', 'error': self._describe(error), 'coded': True})

    def _run(self, method, args):
        if method not in self._methods():
            raise AttributeError(f'There is no method {method}.')
        return getattr(self._instance, method)(*args)

    def _run_own(self, method, args):
        match method:
            case 'ready' | '$refresh':
                return None
            case 'import':
                return {}  # no batches are read here
            case 'constructor':
                self._instance = self._make_instance(*args)
                self._send_changes()
                return {
                    'methods': self._methods(),
                    'unmirrored': [],
                    'disposable': hasattr(self._instance, 'close'),
                    'emitter': False,
                }
            case '$get':
                return getattr(self._instance, args[0])
            case '$stats':
                names = ('pendingCalls', 'servedCalls', 'exportedFunctions', 'openStreams', 'subscriptions')
                return {**dict.fromkeys(names, 0), 'importedFunctions': len(self._functions)}
            case 'dispose':
                return self._dispose()
        raise NotImplementedError(f'This agent cannot {method}.')

    def _methods(self):
        kind = type(self._instance)
        return [name for name in dir(kind) if not name.startswith('_') and callable(getattr(kind, name))]

    def _dispose(self):
        instance, self._instance = self._instance, None
        if hasattr(instance, 'close'):
            instance.close()

    def _send_changes(self):
        """Public attributes are read in the parent without a call."""
        changed = []
        for name, value in vars(self._instance or object).items() if self._instance else []:
            if name.startswith('_'):
                continue
            try:
                text = json.dumps(value, allow_nan=False)
            except (TypeError, ValueError):
                continue  # `$get()` says why
            if self._mirrored.get(name) != text:
                self._mirrored[name] = text
                changed.append([name, value])
        if changed:
            self._send({'type': 'property-update', 'set': changed})

    # Values

    def _read(self, message, field):
        value = message.get(field)
        return self._decode(value) if message.get('coded') else value

    def _decode(self, wire):
        if isinstance(wire, list):
            return [self._decode(each) for each in wire]
        if not isinstance(wire, dict):
            return wire
        if '__procxy_callback' in wire:
            return self._function(wire)
        if '__procxy_type' not in wire:
            return {key: self._decode(value) for key, value in wire.items()}
        value = wire.get('value')
        match wire['__procxy_type']:
            case 'undefined':
                return None
            case 'negative-zero':
                return -0.0
            case 'self':
                return self._instance
            case 'escaped':
                return {key: self._decode(each) for key, each in value.items()}
            case 'error':
                return RemoteError(value)
        raise TypeError(f"This agent reads no value of the kind '{wire['__procxy_type']}'.")

    def _function(self, descriptor):
        callback_id = descriptor['__procxy_callback']
        function = self._functions.get(callback_id)
        if function is None:
            function = Function(self, callback_id, descriptor['__procxy_meta']['name'])
            self._functions[callback_id] = function
            # When nobody here holds it any more, the parent may forget it too.
            weakref.finalize(function, self._give_back, callback_id).atexit = False
        return function

    def _give_back(self, callback_id):
        count = self._arrivals.pop(callback_id, 0)
        if count:
            self._send({'type': 'callback-cleanup', 'callbackId': callback_id, 'count': count})

    def _encode(self, value):
        if value is self._instance and value is not None:
            return {'coded': True}, {'__procxy_type': 'self'}
        has_marks = '"__procxy_' in json.dumps(value, allow_nan=False)
        return ({'coded': True}, escaped(value)) if has_marks else ({}, value)

    def _describe(self, error):
        kind = next((ERRORS[base] for base in type(error).__mro__ if base in ERRORS), 'Error')
        value = {
            'class': kind,
            'name': getattr(error, 'name', None) if isinstance(error, RemoteError) else type(error).__name__,
            'message': str(error),
            'stack': ''.join(traceback.format_exception(error)).rstrip(),
        }
        return {'__procxy_type': 'error', 'value': value}


def escaped(value):
    """A user's own object with a key that looks like ours stays what it is."""
    if isinstance(value, (list, tuple)):
        return [escaped(each) for each in value]
    if not isinstance(value, dict):
        return value
    copy = {key: escaped(each) for key, each in value.items()}
    if any(str(key).startswith('__procxy_') for key in copy):
        return {'__procxy_type': 'escaped', 'value': copy}
    return copy
