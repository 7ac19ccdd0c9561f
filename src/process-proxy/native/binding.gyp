# Not in the package's root, where npm would build it on every installation.
{
  'targets': [
    {
      'target_name': 'process-proxy',
      'type': 'executable',
      'sources': ['main.c', 'commands.c', 'link.c', 'streams.c', 'wire.c', 'ring.c', 'fail.c'],
      # This leaves out the assertions.
      'configurations': { 'Release': { 'defines': ['NDEBUG'] } },
      'cflags': ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'],
      'conditions': [
        ['OS=="win"', {
          'sources': ['platform_windows.c'],
          'libraries': ['-lws2_32.lib', '-lbcrypt.lib', '-lshell32.lib'],
          'msvs_settings': {
            'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c11'], 'WarningLevel': 4, 'WarnAsError': 'true' },
          },
        }, {
          'sources': ['platform_posix.c'],
        }],
        # A static executable runs on every distribution.
        ['OS=="linux"', { 'ldflags': ['-static', '-s'] }],
        ['OS=="mac"', {
          'xcode_settings': {
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
            'WARNING_CFLAGS': ['-Wall', '-Wextra', '-Werror'],
          },
        }],
      ],
    },
  ],
}
