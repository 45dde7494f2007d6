import { describe, expect, it } from 'vitest';
import { redactUpload } from './redact.ts';

function redacted(data: Record<string, unknown>): Record<string, unknown> {
  redactUpload(data);
  return data;
}

describe('an upload request', () => {
  it('loses its credentials and every field with the name of a secret', () => {
    expect(
      redacted({
        apikey: 'a',
        pass: 'b',
        user: 'c',
        'x-API-Key': 'd',
        access_token: ['e'],
        clientSecret: 6,
        password: null,
        resource: '1d419d61',
        _userdata: 'x',
        'file://file': '/tmp/sample',
      }),
    ).toEqual({
      apikey: '[redacted]',
      pass: '[redacted]',
      user: '[redacted]',
      'x-API-Key': '[redacted]',
      access_token: '[redacted]',
      clientSecret: '[redacted]',
      password: '[redacted]',
      resource: '1d419d61',
      _userdata: 'x',
      'file://file': '/tmp/sample',
    });
  });

  it.each([
    ['https://vt.example/v2/report', 'https://vt.example/v2/report'],
    [
      'https://me:pw@vt.example/a@b?x=1&apikey=s3&y',
      'https://[redacted]@vt.example/a@b?x=1&apikey=[redacted]&y',
    ],
    ['http://h/?API_KEY=a=b#token=c', 'http://h/?API_KEY=[redacted]#token=[redacted]'],
    ['me:pw@host', '[redacted]@host'],
    ['http://host#token=abc', 'http://host#token=[redacted]'],
    ['http://host?x=1;key=2#a&pass=3', 'http://host?x=1;key=[redacted]#a&pass=[redacted]'],
    ['', ''],
  ])('loses the secrets of the URL %s', (url, expected) => {
    expect(redacted({ _url: url })).toEqual({ _url: expected });
  });
});
